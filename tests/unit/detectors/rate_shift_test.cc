#include "detectors/rate_shift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace soakwatch {
namespace {

struct Course {
  std::vector<int> found;  // minutes in which a shift began to hold
  std::vector<int> ended;
  std::optional<ShiftJudgement> first;
  std::optional<ShiftJudgement> last;
};

Course run(int minutes, const std::function<double(int)>& rate,
           const std::function<double(int)>& load = nullptr) {
  RateShift shift({});
  Course course;
  for (int i = 0; i < minutes; ++i) {
    const bool held = shift.holds();
    const auto j = shift.add(i, rate(i), load ? load(i) : std::nan(""));
    if (!held && shift.holds()) course.found.push_back(i);
    if (held && !shift.holds()) course.ended.push_back(i);
    if (j && j->shifted && !course.first) course.first = j;
    if (j) course.last = j;
  }
  return course;
}

// log2-normal noise.
std::function<double()> noise(double deviation, unsigned seed) {
  return [deviation, random = std::mt19937_64(seed)]() mutable {
    return std::exp2(deviation * std::normal_distribution<double>()(random));
  };
}

double step(int minute) { return minute < 90 ? 0.05 : 0.1; }

TEST(RateShift, SeesTheLevelDoubleAfterFiveMinutes) {
  const Course course = run(140, step);
  ASSERT_EQ(course.found, std::vector<int>{94});  // five minutes
  EXPECT_DOUBLE_EQ(course.first->base, 0.05);
  EXPECT_DOUBLE_EQ(course.first->current, 0.1);
  EXPECT_EQ(course.first->since_minute, 90);
}

TEST(RateShift, SeesItUnderNoise) {
  int found = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    auto n = noise(0.2, seed);
    const Course course = run(150, [&](int i) { return step(i) * n(); });
    found += course.found.size() == 1 && course.found[0] >= 94 && course.found[0] <= 115 ? 1 : 0;
  }
  EXPECT_GE(found, 18);
}

TEST(RateShift, IsQuietOnNoiseAlone) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    auto n = noise(0.1 * (seed % 10), seed);
    EXPECT_TRUE(run(3000, [&](int) { return 0.05 * n(); }).found.empty()) << seed;
  }
}

TEST(RateShift, IsQuietOnLessThanADoubling) {
  EXPECT_TRUE(run(300, [](int i) { return i < 90 ? 0.05 : 0.085; }).found.empty());
}

TEST(RateShift, IsQuietOnABurstOfLessThanFiveMinutes) {
  const auto burst = [](int length) {
    return [length](int i) { return i >= 90 && i < 90 + length ? 2.0 : 0.05; };
  };
  EXPECT_TRUE(run(200, burst(3)).found.empty());
  EXPECT_FALSE(run(200, burst(5)).found.empty());
}

TEST(RateShift, IsQuietBelowOnePercentOfACore) {
  EXPECT_TRUE(run(200, [](int i) { return step(i) / 500; }).found.empty());
  EXPECT_TRUE(run(200, [](int i) { return step(i) / 11; }).found.empty());
  EXPECT_FALSE(run(200, [](int i) { return step(i) / 9; }).found.empty());
}

TEST(RateShift, SeesAnIdleProcessSpin) {
  EXPECT_FALSE(run(200, [](int i) { return i < 90 ? 0 : 1; }).found.empty());
}

TEST(RateShift, IsQuietOnADayThatRisesAndFalls) {
  const auto day = [](int i) { return 0.5 - 0.45 * std::cos(i * 2 * 3.14159265 / 1440); };
  EXPECT_TRUE(run(4 * 1440, day).found.empty());
}

TEST(RateShift, IsQuietWhileTheFirstHalfHourIsGathered) {
  EXPECT_TRUE(run(60, [](int i) { return i < 10 ? 0.05 : 0.5; }).found.empty());
}

// The minutes of a person at work are unlike each other, and every third is idle.
TEST(RateShift, IsQuietOnRaggedWork) {
  int found = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    auto n = noise(1, seed);
    const auto session = [&](int i) { return i >= 90 && i % 3 != 0 ? 0.02 + 0.1 * n() : 0.02; };
    found += static_cast<int>(run(180, session).found.size());
  }
  EXPECT_EQ(found, 0);  // in 20 sessions of an hour and a half
}

// Noise that wanders: neighbours resemble each other for ten minutes.
TEST(RateShift, IsQuietOnALevelThatWanders) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  double x = 0;
  const auto wander = [&](int) {
    x = 0.9 * x + std::sqrt(1 - 0.81) * normal(random);
    return 0.05 * std::exp2(0.2 * x);
  };
  EXPECT_TRUE(run(20000, wander).found.empty());
}

// Every 20 minutes, six of them at ten times the level: known after the first half-hour.
TEST(RateShift, IsQuietOnWhatComesAndGoes) {
  EXPECT_TRUE(run(600, [](int i) { return i % 20 < 6 ? 0.5 : 0.05; }).found.empty());
}

// One minute in six is at 0.13 all the time.
TEST(RateShift, IsQuietOnALevelThatTheHourBeforeKnew) {
  const auto to = [](double level) {
    return [level](int i) { return i >= 90 ? level : i % 6 == 0 ? 0.13 : 0.05; };
  };
  EXPECT_TRUE(run(110, to(0.11)).found.empty());
  EXPECT_FALSE(run(110, to(0.2)).found.empty());
}

TEST(RateShift, IsQuietWhereTheLevelWasNeverSure) {
  const auto from = [](double other) {
    return [other](int i) { return i >= 90 ? 0.15 : i % 20 < 10 ? 0.05 : other; };
  };
  EXPECT_TRUE(run(110, from(0.09)).found.empty());
  EXPECT_FALSE(run(110, from(0.055)).found.empty());
}

TEST(RateShift, IsQuietOnMinutesThatAreUnlikeEachOther) {
  const std::vector<double> ragged{0.1, 0.3, 0.12, 0.5, 0.1, 0.25};
  EXPECT_TRUE(run(115, [&](int i) {
                return i < 90 ? 0.05 : ragged[static_cast<std::size_t>(i % 6)];
              }).found.empty());
  EXPECT_FALSE(run(115, [](int i) { return i < 90 ? 0.05 : 0.25; }).found.empty());
}

TEST(RateShift, IsQuietWhereTheLoadRoseAsWell) {
  const auto load = [](double ratio) { return [ratio](int i) { return i < 93 ? 1 : ratio; }; };
  EXPECT_TRUE(run(200, step, load(2)).found.empty());
  EXPECT_FALSE(run(200, step, load(1.5)).found.empty());
  EXPECT_FALSE(run(200, step, load(0.5)).found.empty());
}

TEST(RateShift, EndsWhenTheRateHasComeBackForFiveMinutes) {
  const auto rate = [](double after) {
    return [after](int i) { return i < 90 ? 0.05 : i < 110 ? 0.1 : i % 4 == 0 ? 0.1 : after; };
  };
  const auto calm = [](int i) { return i < 90 ? 0.05 : i < 110 ? 0.1 : 0.07; };
  EXPECT_EQ(run(130, calm).ended, std::vector<int>{114});
  EXPECT_TRUE(run(130, rate(0.07)).ended.empty());  // never five minutes in a row
}

TEST(RateShift, TakesTheNewLevelForGrantedAfterAnHourAndSpeaksOnce) {
  const Course course = run(900, step);
  EXPECT_EQ(course.found.size(), 1U);
  EXPECT_EQ(course.ended, std::vector<int>{154});
}

TEST(RateShift, SpeaksAgainWhenTheNewLevelDoubles) {
  EXPECT_EQ(run(500, [](int i) { return i < 90 ? 0.05 : i < 300 ? 0.1 : 0.2; }).found.size(), 2U);
}

TEST(RateShift, GathersTheBaseAnewAfterAHole) {
  RateShift shift({});
  for (int i = 0; i < 90; ++i) shift.add(i, 0.05, 1);
  for (int i = 100; i < 135; ++i) EXPECT_FALSE(shift.add(i, 0.1, 1)) << i;
  EXPECT_TRUE(shift.add(135, 0.1, 1));
  EXPECT_FALSE(shift.holds());
}

TEST(RateShift, IgnoresWhatIsNoNumberAndTimeThatStandsStill) {
  RateShift shift({});
  for (int i = 0; i < 90; ++i) {
    shift.add(i, 0.05, 1);
    EXPECT_FALSE(shift.add(i, 99, 1));
    EXPECT_FALSE(shift.add(i + 1, std::nan(""), 1));
  }
  EXPECT_TRUE(shift.add(90, -5, 1));  // counted as none
}

}  // namespace
}  // namespace soakwatch
