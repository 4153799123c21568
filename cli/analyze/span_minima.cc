#include "cli/analyze/span_minima.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace soakwatch {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double smaller(double a, double b) { return std::isnan(a) || b < a ? b : a; }

}  // namespace

SpanMinima::SpanMinima(milliseconds block) : block_(std::max(block, milliseconds(1))) {}

void SpanMinima::add(milliseconds monotonic, const MetricValues& values) {
  if (blocks_.empty()) start_ = monotonic;
  Minima& minima = block_at(monotonic - start_);
  for (const MetricDescriptor& metric : all_metrics()) {
    const std::optional<double> value = values.get(metric.id);
    if (!value) continue;
    double& minimum = minima[index_of(metric.id)];
    minimum = smaller(minimum, *value);
    Extent& extent = extents_[index_of(metric.id)];
    if (extent.samples++ == 0) extent.first = monotonic;
    extent.last = monotonic;
  }
}

SpanMinima::Minima& SpanMinima::block_at(milliseconds since_start) {
  constexpr auto kMost = static_cast<std::int64_t>(kMostBlocks);
  while (since_start / block_ >= kMost) halve();
  const auto index = static_cast<std::size_t>(since_start / block_);
  while (blocks_.size() <= index) {
    blocks_.emplace_back();
    blocks_.back().fill(kNone);
  }
  return blocks_[index];
}

void SpanMinima::halve() {
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    if (i % 2 == 0) {
      blocks_[i / 2] = blocks_[i];
      continue;
    }
    for (std::size_t m = 0; m < kMetricCount; ++m) {
      blocks_[i / 2][m] = smaller(blocks_[i / 2][m], blocks_[i][m]);
    }
  }
  blocks_.resize((blocks_.size() + 1) / 2);
  block_ *= 2;
}

std::vector<Point> SpanMinima::points(Metric metric) const {
  const double hours = std::chrono::duration<double, std::ratio<3600>>(block_).count();
  std::vector<Point> points;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const double minimum = blocks_[i][index_of(metric)];
    if (!std::isnan(minimum)) points.push_back({static_cast<double>(i) * hours, minimum});
  }
  return points;
}

}  // namespace soakwatch
