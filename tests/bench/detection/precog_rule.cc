#include "tests/bench/detection/precog_rule.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "detectors/theil_sen.h"

namespace soakwatch::bench {
namespace {

constexpr double kBlockMinutes = 5;
constexpr std::size_t kHourOfBlocks = 12;
constexpr std::size_t kTrend = 6 * kHourOfBlocks;  // shortest trend
constexpr std::size_t kWeek = std::size_t{7} * 24 * kHourOfBlocks;
constexpr std::size_t kEvery = 6;  // blocks between two judgements
constexpr double kModifiedZ = 3.5;
constexpr double kR2 = 0.8;
constexpr std::size_t kTop = 10;  // values whose median is the maximum

// The greatest values' median of [from, to).
double maximum(const std::vector<double>& values, std::size_t from, std::size_t to) {
  std::vector<double> part(values.begin() + static_cast<std::ptrdiff_t>(from),
                           values.begin() + static_cast<std::ptrdiff_t>(to));
  std::sort(part.rbegin(), part.rend());
  part.resize(std::min(part.size(), kTop));
  return median(part);
}

}  // namespace

bool PrecogRule::judge(double minute, double value) {
  const double block = std::floor(minute / kBlockMinutes);
  if (block != block_ && !open_.empty()) close_block();
  block_ = block;
  open_.push_back(value);
  return on_;
}

void PrecogRule::close_block() {
  latest_.push_back(median(open_));
  open_.clear();
  if (latest_.size() > kHourOfBlocks) latest_.pop_front();
  const std::vector<double> hour(latest_.begin(), latest_.end());
  smoothed_.push_back(median(hour));
  if (smoothed_.size() > kWeek) smoothed_.erase(smoothed_.begin());
  if (smoothed_.size() <= kTrend || smoothed_.size() % kEvery != 0) return;
  const Trend trend = strongest_trend();
  const double now = smoothed_.back();
  const bool critical =
      trend.found && trend.slope > 0 && (limit_ - now) / trend.slope <= static_cast<double>(kWeek);
  const bool was_on = on_;
  on_ = critical && trend.slope >= steepest_before_ && above_the_past(trend.from);
  // A trend that ended without an alarm was a normal one: later ones must be steeper.
  if (critical && !on_ && !was_on) steepest_before_ = std::max(steepest_before_, trend.slope);
}

PrecogRule::Trend PrecogRule::strongest_trend() const {
  std::vector<double> steps;
  for (std::size_t i = 1; i < smoothed_.size(); ++i) {
    steps.push_back(std::fabs(smoothed_[i] - smoothed_[i - 1]));
  }
  const double middle = median(steps);
  std::vector<double> deviations;
  deviations.reserve(steps.size());
  for (const double step : steps) deviations.push_back(std::fabs(step - middle));
  const double mad = median(deviations);
  std::vector<std::size_t> starts{0};
  for (std::size_t i = 0; i + kTrend < smoothed_.size(); ++i) {
    const bool change = mad > 0 && 0.6745 * (steps[i] - middle) / mad > kModifiedZ;
    if (change && i >= starts.back() + kTrend) starts.push_back(i);
  }
  starts.push_back(smoothed_.size() - kTrend);
  Trend best;
  double best_r2 = kR2;
  for (const std::size_t from : starts) {
    const auto n = static_cast<double>(smoothed_.size() - from);
    double sy = 0;
    for (std::size_t i = from; i < smoothed_.size(); ++i) sy += smoothed_[i];
    const double mx = (n - 1) / 2;
    const double my = sy / n;
    double sxx = 0;
    double sxy = 0;
    double syy = 0;
    for (std::size_t i = from; i < smoothed_.size(); ++i) {
      const double dx = static_cast<double>(i - from) - mx;
      const double dy = smoothed_[i] - my;
      sxx += dx * dx;
      sxy += dx * dy;
      syy += dy * dy;
    }
    const double r2 = syy > 0 ? sxy * sxy / (sxx * syy) : 0;
    if (r2 >= best_r2) {
      best_r2 = r2;
      best = {true, sxy / sxx, from};
    }
  }
  return best;
}

bool PrecogRule::above_the_past(std::size_t from) const {
  if (from == 0) return true;
  return maximum(smoothed_, from, smoothed_.size()) >= maximum(smoothed_, 0, from);
}

}  // namespace soakwatch::bench
