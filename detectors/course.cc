#include "detectors/course.h"

#include <algorithm>
#include <numeric>

#include "detectors/line_fit.h"
#include "detectors/theil_sen.h"

namespace soakwatch {
namespace {

constexpr int kEnds = 3;               // blocks at either end whose median counts
constexpr double kFloatNoise = 1e-13;  // of squares: minima are kept as floats, to 2^-24
constexpr int kFewest = 2 * kEnds;     // blocks that two ends need

float smaller(float a, float b) { return std::isnan(a) ? b : std::isnan(b) ? a : std::min(a, b); }

}  // namespace

void Course::add(milliseconds monotonic, double value) {
  const std::int64_t index = monotonic / block_;
  if (open_ < 0) open_ = index;
  if (index < open_) return;
  if (index > open_) close_until(index);
  minimum_ = smaller(minimum_, static_cast<float>(value));
}

void Course::close_until(std::int64_t index) {
  push(0, open_, minimum_);
  minimum_ = std::nanf("");
  open_ = index;
}

// Numbers are absolute, so that a pair is known by them: block 2n and 2n + 1 make block n above. A
// pause leaves out numbers, and at() says that nothing was seen.
void Course::push(std::size_t at_level, std::int64_t index, float minimum) {
  Level& level = levels_[at_level];
  const auto slot = [](std::int64_t block) { return static_cast<std::size_t>(block % kWindow); };
  if (level.newest < 0) level.newest = index - 1;
  for (std::int64_t gap = std::max(level.newest + 1, index - kWindow); gap < index; ++gap) {
    level.minima[slot(gap)] = std::nanf("");
  }
  level.count = static_cast<int>(std::min<std::int64_t>(
      kWindow, level.count + std::max<std::int64_t>(1, index - level.newest)));
  level.newest = index;
  level.minima[slot(index)] = minimum;
  if (at_level + 1 == levels_.size()) return;
  if (index % 2 == 1) {
    push(at_level + 1, index / 2, smaller(at(at_level, index - 1), minimum));
  }
}

float Course::at(std::size_t at_level, std::int64_t index) const {
  const Level& level = levels_[at_level];
  if (index > level.newest || index <= level.newest - level.count) return std::nanf("");
  return level.minima[static_cast<std::size_t>(index % kWindow)];
}

// The finest level that reaches so far back.
std::optional<Course::Stretch> Course::stretch(milliseconds span) const {
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    const milliseconds length = block_ * (std::int64_t{1} << level);
    const std::int64_t blocks = (span + length - milliseconds(1)) / length;
    if (blocks > kWindow) continue;
    if (blocks < kFewest || std::int64_t{4} * levels_[level].count < blocks * 3)
      return std::nullopt;
    return Stretch{level, static_cast<int>(blocks)};
  }
  return std::nullopt;
}

milliseconds Course::shortest_span() const { return block_ * kFewest; }

std::optional<double> Course::growth(milliseconds span, std::optional<milliseconds> now) const {
  const auto over = stretch(span);
  if (!over) return std::nullopt;
  const std::int64_t newest = levels_[over->level].newest;
  if (now) {
    const std::int64_t open = *now / (block_ * (std::int64_t{1} << over->level));
    if (open - 1 - newest > over->blocks / 4) return std::nullopt;
  }
  std::vector<double> seen;
  for (std::int64_t index = newest - over->blocks + 1; index <= newest; ++index) {
    if (const float minimum = at(over->level, index); !std::isnan(minimum)) seen.push_back(minimum);
  }
  if (seen.size() < kFewest) return std::nullopt;
  const std::span<const double> all(seen);
  return median(all.last(kEnds)) - median(all.first(kEnds));
}

std::optional<double> Course::explained_by(const Course& other, milliseconds span) const {
  const auto over = stretch(span);
  if (!over || other.block_ != block_) return std::nullopt;
  std::vector<Point> mine;
  std::vector<Point> others;
  const std::int64_t newest = levels_[over->level].newest;
  for (std::int64_t index = newest - over->blocks + 1; index <= newest; ++index) {
    const double y = at(over->level, index);
    const double x = other.at(over->level, index);
    if (std::isnan(x) || std::isnan(y)) continue;
    const auto time = static_cast<double>(index - newest);
    mine.push_back({time, y});
    others.push_back({time, x});
  }
  if (mine.size() < kFewest) return std::nullopt;
  const std::vector<double> y = fit_line(mine).off;
  const std::vector<double> x = fit_line(others).off;
  const double xx = std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
  const double yy = std::inner_product(y.begin(), y.end(), y.begin(), 0.0);
  const double xy = std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  const auto is_line = [](double rest, const std::vector<Point>& points) {
    double squares = 0;
    for (const Point& p : points) squares += p.y * p.y;
    return rest <= kFloatNoise * squares;
  };
  if (is_line(xx, others) || is_line(yy, mine)) return std::nullopt;
  return xy > 0 ? xy * xy / (xx * yy) : 0;
}

}  // namespace soakwatch
