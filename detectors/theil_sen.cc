#include "detectors/theil_sen.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace soakwatch {

double median(std::span<const double> values) {
  if (values.empty()) return 0;
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return sorted[middle - 1] + (sorted[middle] - sorted[middle - 1]) / 2;
}

Slope theil_sen(std::span<const Point> points) {
  std::vector<double> slopes;
  slopes.reserve(points.size() * points.size() / 2);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      const double dx = points[j].x - points[i].x;
      if (dx != 0) slopes.push_back((points[j].y - points[i].y) / dx);
    }
  }
  if (slopes.empty()) return {};
  std::sort(slopes.begin(), slopes.end());
  const auto n = static_cast<double>(points.size());
  const auto pairs = static_cast<double>(slopes.size());
  // 1.96 standard deviations of Kendall's S, as a number of slopes on either side of the median.
  const double half = 1.96 * std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
  const auto clamp = [&](double rank) {
    return static_cast<std::size_t>(std::clamp(rank, 0.0, pairs - 1));
  };
  Slope slope;
  slope.value = median(slopes);
  slope.low = slopes[clamp(std::floor((pairs - half) / 2))];
  slope.high = slopes[clamp(std::ceil((pairs + half) / 2))];
  return slope;
}

}  // namespace soakwatch
