#include "report/floor_line.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace soakwatch {
namespace {

using Hours = std::chrono::duration<double, std::ratio<3600>>;

constexpr std::size_t kMostBlocks = 96;    // all pairs of them are looked at
constexpr std::size_t kFewestBlocks = 3;   // two points have a line and say nothing
constexpr std::size_t kWantedBlocks = 24;  // as the detectors' window

}  // namespace

std::optional<FloorLine> floor_line(const MetricSeries& series, InstanceId instance, WallTime from,
                                    WallTime to) {
  std::vector<const Bucket*> inside;
  for (const Bucket& bucket : series.buckets) {
    if (bucket.instance == instance && bucket.end >= from && bucket.begin <= to)
      inside.push_back(&bucket);
  }
  // Several buckets a block where there are enough, so that the minimum passes under a sawtooth.
  const std::size_t per_block =
      std::max(inside.size() / kWantedBlocks, (inside.size() + kMostBlocks - 1) / kMostBlocks);
  const std::size_t block = std::max<std::size_t>(per_block, 1);
  std::vector<Point> points;
  for (std::size_t i = 0; i < inside.size(); i += block) {
    Point lowest{0, std::numeric_limits<double>::infinity()};
    for (std::size_t k = i; k < std::min(i + block, inside.size()); ++k) {
      if (inside[k]->min >= lowest.y) continue;
      lowest = {Hours(inside[k]->begin - inside.front()->begin).count(), inside[k]->min};
    }
    points.push_back(lowest);
  }
  if (points.size() < kFewestBlocks) return std::nullopt;
  FloorLine line;
  line.from = inside.front()->begin;
  line.to = inside.back()->end;
  line.slope_per_hour = theil_sen(points);
  std::vector<double> intercepts;
  intercepts.reserve(points.size());
  for (const Point& point : points)
    intercepts.push_back(point.y - line.slope_per_hour.value * point.x);
  line.at_from = median(intercepts);
  line.at_to = line.at_from + line.slope_per_hour.value * Hours(line.to - line.from).count();
  std::vector<double> off;
  off.reserve(points.size());
  for (const Point& point : points)
    off.push_back(std::fabs(point.y - line.at_from - line.slope_per_hour.value * point.x));
  std::sort(off.begin(), off.end());
  line.off = off[(off.size() - 1) * 9 / 10];
  return line;
}

}  // namespace soakwatch
