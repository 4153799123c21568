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

// At least kWantedBlocks of them where there are as many, so that a minimum passes under bursts.
std::vector<Point> coarser(std::span<const Point> minima) {
  const std::size_t together = std::max<std::size_t>(minima.size() / kWantedBlocks, 1);
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

double needed(const RunSize& size, double level) {
  return std::max(size.min_growth, size.min_ratio * std::fabs(level));
}

double unrest_of(std::span<const double> values) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < values.size(); ++i)
    steps.push_back(std::fabs(values[i] - values[i - 1]));
  return median(steps);
}

bool rises(std::span<const double> values) {
  const int n = static_cast<int>(values.size());
  if (discordant_pairs(values) > kendall_critical(n, kOrder)) return false;
  const SignedRank steps = signed_rank(values);
  if (steps.increments == 0) return false;
  return steps.negative_ranks <= signed_rank_critical(steps.increments, kWalk);
}

// The last 3/8 against the whole and the first 5/8, as the gate `levelling_off`: what fills comes
// to an end.
bool goes_on(std::span<const Point> points, double slope, double ratio) {
  const std::size_t early = points.size() * 5 / 8;
  const double before = theil_sen(points.first(early)).value;
  const double late = theil_sen(points.subspan(early)).value;
  return late >= ratio * std::max(slope, before);
}

bool apart(const Slope& below, const Slope& above) { return above.low > below.high; }

bool much_faster(const RunCourse& slow, const RunCourse& fast, const RunSize& size) {
  const double more = fast.slope_per_hour.value - slow.slope_per_hour.value;
  return apart(slow.slope_per_hour, fast.slope_per_hour) &&
         more >= kSamePace * slow.slope_per_hour.value &&
         more * std::max(slow.hours, fast.hours) >= size.min_growth;
}

Difference difference_of(const RunCourse& a, const RunCourse& b, const RunSize& size) {
  if (a.grows && b.grows) {
    if (much_faster(a, b, size)) return Difference::kFasterInB;
    return much_faster(b, a, size) ? Difference::kSlowerInB : Difference::kGrowsInBoth;
  }
  if (b.grows) {
    return apart(a.slope_per_hour, b.slope_per_hour) ? Difference::kGrowsInB : Difference::kUnclear;
  }
  return a.grows ? Difference::kGrowsInA : Difference::kNone;
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
  const double slope = course.slope_per_hour.value;
  course.unrest = unrest_of(all);
  course.grows = alerted || (course.slope_per_hour.low > 0 &&
                             course.end - course.level >= needed(size, course.level) &&
                             rises(all) && goes_on(points, slope, size.levelling_off_ratio));
  return course;
}

RunComparison compare_courses(const RunCourse& a, const RunCourse& b, const RunSize& size) {
  RunComparison result;
  result.difference = difference_of(a, b, size);
  const bool quiet = !a.grows && !b.grows;
  result.level_change = quiet ? b.end - a.end : b.level - a.level;
  result.slope_change = b.slope_per_hour.value - a.slope_per_hour.value;
  const double unrest = std::max(a.unrest, b.unrest);
  const double matters = std::max(needed(size, a.level), kUnrests * unrest);
  if (quiet && std::fabs(result.level_change) >= matters) result.difference = Difference::kStep;
  return result;
}

}  // namespace soakwatch
