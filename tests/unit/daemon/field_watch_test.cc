#include "daemon/field_watch.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

class FieldWatchTest : public ::testing::Test {
 protected:
  void at(milliseconds monotonic, Metric metric, double value) {
    Sample sample;
    sample.monotonic = monotonic;
    sample.values.set(metric, value);
    watch_.sample(sample);
  }
  std::vector<std::string> told_;
  FieldWatch watch_{{}, [this](std::string what) { told_.push_back(std::move(what)); }};
};

TEST_F(FieldWatchTest, TellsOnceOfALevelThatWasReached) {
  for (int minute = 0; minute < 60; ++minute) at(minute * 1min, Metric::kOpenFds, 1500);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].substr(0, 9), "many_fds:");
}

TEST_F(FieldWatchTest, IsQuietBelowIt) {
  for (int minute = 0; minute < 60; ++minute) at(minute * 1min, Metric::kOpenFds, 150);
  EXPECT_TRUE(told_.empty());
}

TEST_F(FieldWatchTest, ValuesOfASlowerBeatStand) {
  at(0min, Metric::kMappings, 5000);
  at(1min, Metric::kOpenFds, 5);
  at(6min, Metric::kOpenFds, 5);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].substr(0, 14), "many_mappings:");
}

TEST_F(FieldWatchTest, SwapIsComparedOverTheHour) {
  for (int minute = 0; minute < 50; ++minute) {
    at(minute * 1min, Metric::kSwapBytes, 1024.0 * 1024 * minute);
  }
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].substr(0, 13), "swap_growing:");
}

TEST_F(FieldWatchTest, KnowsTheNewestNumberOfGoroutines) {
  EXPECT_EQ(watch_.goroutine_count(), 0);
  at(0min, Metric::kGoroutines, 12);
  at(1min, Metric::kGoroutines, 40);
  EXPECT_EQ(watch_.goroutine_count(), 40);
}

}  // namespace
}  // namespace soakwatch
