#include "cli/soak/needed_span.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

std::vector<NeededSpan> needed(const Config& config) {
  Target target;
  target.interval = config.sampling.interval;
  return needed_spans(config, target);
}

TEST(NeededSpan, OfTheDefaults) {
  const auto all = needed({});
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].detector, "goroutine_growth");
  for (const NeededSpan& one : all) {
    ASSERT_TRUE(one.span) << one.detector;
    // Warm-up, and the first length of a window that reaches over cold_start_span.
    EXPECT_GE(*one.span, 10min + 2h) << one.detector;
    EXPECT_LE(*one.span, 10min + 4h) << one.detector;
  }
  EXPECT_GT(shortest_soak(all), 2h);
  EXPECT_LT(shortest_soak(all), 4h);
}

TEST(NeededSpan, GrowsWithWarmUpAndHold) {
  Config config;
  const auto before = needed(config)[0].span;
  config.detection.warm_up = 20min;
  config.alerts.hold = 5min;
  EXPECT_EQ(needed(config)[0].span, *before + 15min);
}

TEST(NeededSpan, IsShortWhereTheConfigurationIs) {
  Config config;
  config.sampling.interval = 250ms;
  config.pprof.heap_interval = 250ms;
  config.detection.block = 1500ms;
  config.detection.warm_up = 3s;
  config.detection.cold_start_span = 0s;
  config.detection.levels = 3;
  const auto shortest = shortest_soak(needed(config));
  ASSERT_TRUE(shortest);
  EXPECT_GE(*shortest, 3s + 21 * 1500ms);
  EXPECT_LE(*shortest, 45s);
}

TEST(NeededSpan, IsAbsentWhereNoWindowReachesOverAColdStart) {
  Config config;
  config.detection.levels = 1;
  const auto all = needed(config);
  EXPECT_FALSE(all[0].span);
  EXPECT_FALSE(shortest_soak(all));
}

TEST(NeededSpan, NothingIsNeededOfNoDetector) {
  Config config;
  config.detection.enabled = false;
  EXPECT_TRUE(needed(config).empty());
  EXPECT_FALSE(shortest_soak({}));
}

}  // namespace
}  // namespace soakwatch
