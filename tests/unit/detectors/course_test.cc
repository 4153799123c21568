#include "detectors/course.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

Course course(double hours, const std::function<double(double)>& value, milliseconds from = 0ms) {
  Course c(1min);
  for (milliseconds t = from; t < from + milliseconds(std::llround(hours * 3600e3)); t += 10s) {
    c.add(t, value(std::chrono::duration<double, std::ratio<3600>>(t - from).count()));
  }
  return c;
}

TEST(Course, TellsTheGrowthOfItsLatestPart) {
  const Course c = course(10, [](double h) { return h < 8 ? 100 : 100 + 60 * (h - 8); });
  EXPECT_NEAR(c.growth(1h).value(), 60, 15);
  EXPECT_NEAR(c.growth(2h).value(), 120, 25);
  // Of the latest three blocks of half an hour the middle one counts.
  EXPECT_NEAR(c.growth(10h).value(), 120 - 60 * 1.5, 30);
}

TEST(Course, StartsAtAnyTimeOfTheClock) {
  const Course c = course(
      2, [](double h) { return 100 * h; }, 123456789ms);
  EXPECT_NEAR(c.growth(1h).value(), 100, 20);
}

TEST(Course, SaysNothingOfWhatItHasNotSeen) {
  const Course c = course(1, [](double) { return 1.0; });
  EXPECT_FALSE(c.growth(5h));
  EXPECT_FALSE(Course(1min).growth(1h));
  EXPECT_EQ(c.growth(30min), 0);
}

TEST(Course, LeavesAPauseOut) {
  Course c(1min);
  for (int i = 0; i < 600; ++i) {
    if (i < 200 || i > 400) c.add(i * 10s, i);
  }
  EXPECT_NEAR(c.growth(95min).value(), 540, 60);
}

TEST(Course, IgnoresAStepBackInTime) {
  Course c = course(1, [](double) { return 100.0; });
  c.add(1min, 1);
  EXPECT_EQ(c.growth(30min), 0);
}

TEST(Course, KnowsWhichOneItFollows) {
  const auto wave = [](double h) { return 1000 * h + 500 * std::sin(7 * h); };
  const Course goroutines = course(3, wave);
  const Course heap = course(3, [&](double h) { return 50e6 + 2048 * wave(h); });
  const Course flat = course(3, [](double h) { return 5 * std::sin(300 * h); });
  const Course falls = course(3, [&](double h) { return -wave(h); });
  const Course line = course(3, [](double h) { return 1000 * h; });
  EXPECT_GT(heap.explained_by(goroutines, 2h).value(), 0.95);
  EXPECT_LT(line.explained_by(goroutines, 2h).value_or(0), 0.2);
  EXPECT_LT(flat.explained_by(goroutines, 2h).value(), 0.2);
  EXPECT_EQ(falls.explained_by(goroutines, 2h), 0);
  EXPECT_FALSE(heap.explained_by(course(3, [](double) { return 1.0; }), 2h));
}

}  // namespace
}  // namespace soakwatch
