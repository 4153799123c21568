#include "detectors/floor_steps.h"

#include <algorithm>
#include <span>
#include <vector>

namespace soakwatch {
namespace {

constexpr std::size_t kSide = 6;        // blocks on either side, at least
constexpr double kShareOfGrowth = 0.8;  // of the rise in the growth of the window
constexpr double kCalm = 0.1;           // of the rise: how far the middle half of a side reaches

double middle_half(std::span<const double> side) {
  std::vector<double> sorted(side.begin(), side.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted[sorted.size() * 3 / 4] - sorted[sorted.size() / 4];
}

}  // namespace

std::optional<Step> FloorSteps::new_step(const FloorWindow& w, milliseconds block_length) {
  const std::size_t n = w.minima.size();
  if (n < 2 * kSide) return std::nullopt;
  std::size_t at = kSide;
  for (std::size_t i = kSide; i + kSide <= n; ++i) {
    if (w.minima[i] - w.minima[i - 1] > w.minima[at] - w.minima[at - 1]) at = i;
  }
  const std::span<const double> all(w.minima);
  const double before = median(all.first(at));
  const double after = median(all.subspan(at));
  const double rise = after - before;
  if (w.minima[at] - w.minima[at - 1] < kShareOfGrowth * w.growth() ||
      middle_half(all.first(at)) > kCalm * rise || middle_half(all.subspan(at)) > kCalm * rise) {
    return std::nullopt;
  }
  const auto hours = std::chrono::duration<double, std::ratio<3600>>(w.points[at].x);
  const auto offset = std::chrono::duration_cast<milliseconds>(hours);
  // The same step comes by at each longer level, up to a block later.
  const milliseconds begin = w.begin + offset;
  if (begin - block_length <= told_) return std::nullopt;
  told_ = begin + block_length;
  return Step{w.start + offset, before, after};
}

}  // namespace soakwatch
