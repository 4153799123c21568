#include "cli/soak/needed_span.h"

#include <algorithm>
#include <cstdint>

#include "daemon/options.h"
#include "detectors/floor_trend.h"
#include "detectors/signals.h"

namespace soakwatch {
namespace {

// Enough for the longest blocks and levels that a configuration may have.
constexpr std::int64_t kMostSteps = 2'000'000;

std::optional<milliseconds> time_to_alert(const FloorTrendOptions& options, milliseconds hold) {
  FloorTrend trend(options);
  // BlockMinima takes a block for seen when no gap in it is longer than half of it.
  const milliseconds step = std::max(options.blocks.block / 6, milliseconds(1));
  const milliseconds longest_block = options.blocks.block * (1LL << (options.blocks.levels - 1));
  const milliseconds end = options.warm_up + longest_block * (2 * options.blocks.window);
  const double base = std::max(options.least_base, 1.0);
  // A hundredfold of what matters in each block, so that size is no question.
  const double per_step =
      100 * std::max({options.min_growth, options.min_growth_ratio * base, base});
  double value = base;
  std::optional<milliseconds> found;
  for (std::int64_t i = 0; i < kMostSteps && i * step <= end; ++i) {
    const milliseconds now = i * step;
    const auto judgement = trend.add(now, WallTime(now), value, std::nan(""));
    if (judgement && judgement->grows && judgement->grade == Grade::kAlert) found = now;
    if (found) break;
    value += per_step;
  }
  if (found) *found += hold;
  return found;
}

}  // namespace

std::vector<NeededSpan> needed_spans(const Config& config, const Target& target) {
  const DetectionOptions options = detection_options(config, target);
  std::vector<NeededSpan> needed;
  for (const SignalOptions& signal : options.signals) {
    const SignalDescriptor& descriptor = describe(signal.signal);
    needed.push_back({descriptor.detector, descriptor.metric,
                      time_to_alert(trend_options(options, signal), config.alerts.hold)});
  }
  return needed;
}

std::optional<milliseconds> shortest_soak(const std::vector<NeededSpan>& needed) {
  std::optional<milliseconds> longest;
  for (const NeededSpan& one : needed) {
    if (!one.span) return std::nullopt;
    longest = std::max(longest.value_or(milliseconds(0)), *one.span);
  }
  if (!longest) return std::nullopt;
  constexpr int kRoom = 50;  // two per cent
  const milliseconds with_room = *longest + *longest / kRoom;
  const milliseconds unit =
      with_room < std::chrono::minutes(10) ? milliseconds(1000) : milliseconds(60'000);
  return (with_room / unit + 1) * unit;
}

}  // namespace soakwatch
