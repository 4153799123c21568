#include "cli/compare/run_judgement.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "detectors/rank_tests.h"

namespace soakwatch {
namespace {

// Below 16, Wilcoxon's test at kWalk asks for nearly every rank; from 24 on it is what the
// detectors use. Kendall's critical values are exact up to 64.
constexpr std::size_t kFewestBlocks = 16;
constexpr std::size_t kWantedBlocks = 24;
constexpr std::size_t kEnds = 3;  // blocks whose median is a level, as in detection
// Levels of the two rank tests, as in detection: noise is in no order, a walk has no drift.
constexpr double kOrder = 0.001;
constexpr double kWalk = 0.0003;
// A pace that differs by less is the same: two runs of one program do not agree better.
constexpr double kSamePace = 0.1;
// Of plain noise the median difference is 0.95 of its deviation, and so is the deviation of the
// difference of two levels: three times that is chance in one case of some hundreds.
constexpr double kUnrests = 3;

// About kWantedBlocks of them where there are as many, so that a minimum passes under bursts.
std::vector<Point> coarser(std::span<const Point> minima) {
  const std::size_t together =
      std::max<std::size_t>((minima.size() + kWantedBlocks / 2) / kWantedBlocks, 1);
  std::vector<Point> points;
  for (std::size_t i = 0; i < minima.size(); i += together) {
    const auto block = minima.subspan(i, std::min(together, minima.size() - i));
    points.push_back(*std::min_element(block.begin(), block.end(),
                                       [](const Point& a, const Point& b) { return a.y < b.y; }));
  }
  return points;
}

std::vector<double> values_of(std::span<const Point> points) {
  std::vector<double> values;
  for (const Point& point : points) values.push_back(point.y);
  return values;
}

double unrest_of(std::span<const double> values) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < values.size(); ++i)
    steps.push_back(std::fabs(values[i] - values[i - 1]));
  return median(steps);
}

bool no_noise(std::span<const double> values) {
  return discordant_pairs(values) <= kendall_critical(static_cast<int>(values.size()), kOrder);
}

bool no_walk(std::span<const double> values) {
  const SignedRank steps = signed_rank(values);
  return steps.increments > 0 &&
         steps.negative_ranks <= signed_rank_critical(steps.increments, kWalk);
}

// The last 3/8 against the whole and the first 5/8, as the gate `levelling_off`: what fills comes
// to an end.
bool goes_on(std::span<const Point> points, double slope, double ratio) {
  const std::size_t early = points.size() * 5 / 8;
  const double before = theil_sen(points.first(early)).value;
  const double late = theil_sen(points.subspan(early)).value;
  return late >= ratio * std::max(slope, before);
}

Shape shape_of(std::span<const Point> points, std::span<const double> values, const Slope& slope,
               double levelling_off_ratio) {
  if (slope.low <= 0 || !no_noise(values) || !goes_on(points, slope.value, levelling_off_ratio))
    return Shape::kFlat;
  return no_walk(values) ? Shape::kClimbing : Shape::kRising;
}

// Growth, or a difference of levels, that matters at the lower of the two levels.
double needed(const RunCourse& a, const RunCourse& b, const RunSize& size) {
  return std::max(size.min_growth,
                  size.min_ratio * std::min(std::fabs(a.level), std::fabs(b.level)));
}

bool at_least(const RunCourse& course, Shape shape, double size) {
  return course.alerted || (course.shape >= shape && course.end - course.level >= size);
}

bool apart(const RunCourse& below, const RunCourse& above) {
  return above.slope_per_hour.low > below.slope_per_hour.high;
}

bool much_faster(const RunCourse& slow, const RunCourse& fast, const RunSize& size) {
  const double more = fast.slope_per_hour.value - slow.slope_per_hour.value;
  return apart(slow, fast) && more >= kSamePace * slow.slope_per_hour.value &&
         more * std::max(slow.hours, fast.hours) >= size.min_growth;
}

Difference of_two_that_grow(const RunCourse& a, const RunCourse& b, const RunSize& size) {
  if (much_faster(a, b, size)) return Difference::kFasterInB;
  return much_faster(b, a, size) ? Difference::kSlowerInB : Difference::kGrowsInBoth;
}

// One grows and the other does not, as far as `other_rises` lets it be said.
Difference of_one_that_grows(const RunCourse& other, const RunCourse& grows, bool other_rises,
                             Difference difference) {
  if (grows.alerted && !other_rises) return difference;
  return apart(other, grows) && !other_rises ? difference : Difference::kUnclear;
}

}  // namespace

std::string_view to_string(Difference difference) {
  static constexpr std::array<std::string_view, 10> kWords{
      "none",        "step",        "grows_in_both", "grows_in_b", "grows_in_a",
      "faster_in_b", "slower_in_b", "unclear",       "too_short",  "not_read"};
  return kWords[static_cast<std::size_t>(difference)];
}

std::optional<RunCourse> course_of(std::span<const Point> minima, const RunSize& size,
                                   bool alerted) {
  const std::vector<Point> points = coarser(minima);
  if (points.size() < kFewestBlocks) return std::nullopt;
  const std::vector<double> values = values_of(points);
  const std::span<const double> all(values);
  RunCourse course;
  course.level = median(all.first(kEnds));
  course.end = median(all.last(kEnds));
  course.hours = points.back().x - points.front().x;
  course.slope_per_hour = theil_sen(points);
  course.unrest = unrest_of(all);
  course.shape = shape_of(points, all, course.slope_per_hour, size.levelling_off_ratio);
  course.alerted = alerted;
  return course;
}

RunComparison compare_courses(const RunCourse& a, const RunCourse& b, const RunSize& size) {
  RunComparison result;
  const double matters = needed(a, b, size);
  result.a_grows = at_least(a, Shape::kClimbing, matters);
  result.b_grows = at_least(b, Shape::kClimbing, matters);
  const bool a_rises = at_least(a, Shape::kRising, matters);
  const bool b_rises = at_least(b, Shape::kRising, matters);
  const bool quiet = !a_rises && !b_rises;
  result.level_change = quiet ? b.end - a.end : b.level - a.level;
  result.slope_change = b.slope_per_hour.value - a.slope_per_hour.value;
  const double unrest = kUnrests * std::max(a.unrest, b.unrest);
  if (result.a_grows && result.b_grows) {
    result.difference = of_two_that_grow(a, b, size);
  } else if (result.b_grows) {
    result.difference = of_one_that_grows(a, b, a_rises, Difference::kGrowsInB);
  } else if (result.a_grows) {
    result.difference = of_one_that_grows(b, a, b_rises, Difference::kGrowsInA);
  } else if (!quiet) {
    result.difference = Difference::kUnclear;
  } else if (std::fabs(result.level_change) >= std::max(matters, unrest)) {
    result.difference = Difference::kStep;
  }
  return result;
}

}  // namespace soakwatch
