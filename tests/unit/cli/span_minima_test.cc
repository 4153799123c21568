#include "cli/analyze/span_minima.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

MetricValues fds(double value) {
  MetricValues values;
  values.set(Metric::kOpenFds, value);
  return values;
}

TEST(SpanMinima, KeepsEverySampleOfAShortRun) {
  SpanMinima course(60s);
  for (int i = 0; i < 5; ++i) course.add(1000s + i * 60s, fds(10 + i));
  const auto points = course.points(Metric::kOpenFds);
  ASSERT_EQ(points.size(), 5U);
  EXPECT_DOUBLE_EQ(points[4].x, 4.0 / 60);
  EXPECT_EQ(points[4].y, 14);
  EXPECT_EQ(course.samples(Metric::kOpenFds), 5);
  EXPECT_EQ(course.span(Metric::kOpenFds), 240s);
  EXPECT_EQ(course.samples(Metric::kThreads), 0);
  EXPECT_TRUE(course.points(Metric::kThreads).empty());
}

TEST(SpanMinima, StaysBoundedAndTrueToTheSlopeOverAWeek) {
  SpanMinima course(5s);
  // A rise of 2 an hour under a sawtooth that a mean would see.
  for (int i = 0; i < 7 * 24 * 720; ++i) course.add(i * 5s, fds(i / 360.0 + (i % 7) * 100));
  const auto points = course.points(Metric::kOpenFds);
  EXPECT_LE(points.size(), SpanMinima::kMostBlocks);
  EXPECT_GE(points.size(), SpanMinima::kMostBlocks / 2);
  EXPECT_NEAR(theil_sen(points).value, 2, 0.01);
}

TEST(SpanMinima, LeavesHolesOut) {
  SpanMinima course(1s);
  course.add(0s, fds(1));
  course.add(1000h, fds(2));
  const auto points = course.points(Metric::kOpenFds);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_NEAR(points[1].x, 1000, 20);
}

TEST(SpanMinima, TakesAnyLength) {
  SpanMinima course(0ms);
  course.add(0ms, fds(1));
  course.add(std::chrono::hours(24 * 365 * 9999), fds(2));
  EXPECT_EQ(course.points(Metric::kOpenFds).size(), 2U);
}

}  // namespace
}  // namespace soakwatch
