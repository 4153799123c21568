#include "daemon/options.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

TEST(DetectionOptions, TakesTheBeatOfEachSignal) {
  Config config;
  config.pprof.heap_interval = 15s;
  const Target target{"t", {}, 1s};
  const DetectionOptions options = detection_options(config, target);
  ASSERT_EQ(options.signals.size(), 6U);
  EXPECT_EQ(options.signals[0].interval, 1s);
  EXPECT_EQ(options.signals[1].signal, Signal::kLiveHeap);
  EXPECT_EQ(options.signals[1].interval, 15s);
  EXPECT_EQ(options.signals[1].min_growth, 32.0 * 1024 * 1024);
}

TEST(DetectionOptions, LeavesOutWhatIsSwitchedOff) {
  Config config;
  config.detection.open_fds.enabled = false;
  EXPECT_EQ(detection_options(config, {}).signals.size(), 5U);
  config.detection.enabled = false;
  EXPECT_TRUE(detection_options(config, {}).signals.empty());
}

}  // namespace
}  // namespace soakwatch
