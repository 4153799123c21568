#include "daemon/trusted_clock.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// A machine that booted an hour before it is first looked at.
Moment after(milliseconds passed, milliseconds wall_off = milliseconds(0)) {
  const milliseconds since_boot = hours(1) + passed;
  return {from_unix_ms(1'750'000'000'000) + since_boot + wall_off, since_boot, since_boot};
}

constexpr milliseconds kYear = hours(24 * 365);

TrustedClock started(const std::optional<ClockReading>& last = std::nullopt,
                     milliseconds wall_off = milliseconds(0)) {
  return TrustedClock({}, after(minutes(0), wall_off), last);
}

// Of a clock that is right.
WallTime at(milliseconds passed) { return after(passed).wall; }

TEST(TrustedClockTest, AJumpAheadDoesNotCountForADay) {
  TrustedClock clock = started();
  EXPECT_EQ(clock.look(after(minutes(1), kYear)).sure(), at(minutes(1)));
  EXPECT_EQ(clock.look(after(hours(24), kYear)).sure(), at(hours(24)));
  const Moment steady = after(hours(24) + minutes(1), kYear);
  EXPECT_EQ(clock.look(steady).sure(), steady.wall);
  EXPECT_TRUE(clock.look(steady).is_trusted());
}

TEST(TrustedClockTest, AJumpBackIsBelievedAtOnce) {
  TrustedClock clock = started();
  EXPECT_EQ(clock.look(after(minutes(1), -hours(24))).sure(), at(minutes(1)) - hours(24));
  EXPECT_EQ(clock.look(after(minutes(2))).sure(), at(minutes(2)));  // back where it was
  EXPECT_EQ(clock.look(after(hours(2), hours(48))).sure(), at(hours(2)));
  EXPECT_EQ(clock.look(after(hours(3))).sure(), at(hours(3)));
  EXPECT_TRUE(clock.look(after(hours(3))).is_trusted());
}

TEST(TrustedClockTest, StaysTrustedThroughCorrectionsAndSleep) {
  TrustedClock clock = started();
  EXPECT_TRUE(clock.look(after(minutes(1), minutes(59))).is_trusted());
  // The clock from the boot counts a night's sleep as the wall clock does.
  EXPECT_TRUE(clock.look(after(hours(9), minutes(30))).is_trusted());
}

TEST(TrustedClockTest, AYearWithoutARunDoesNotCountForADay) {
  TrustedClock clock = started(ClockReading{at(minutes(0)) - kYear});
  EXPECT_EQ(clock.look(after(minutes(1))).sure(), at(minutes(1)) - kYear);
  EXPECT_EQ(clock.look(after(hours(23))).sure(), at(hours(23)) - kYear);
  EXPECT_EQ(clock.look(after(hours(24))).sure(), at(hours(24)));
}

TEST(TrustedClockTest, AWeekendWithoutARunCounts) {
  TrustedClock clock = started(ClockReading{at(minutes(0)) - hours(63)});
  EXPECT_EQ(clock.look(after(minutes(1))).sure(), at(minutes(1)));
}

// A machine without a clock of its own, whose time comes from the network.
TEST(TrustedClockTest, AClockThatIsSetSoonAfterTheStartIsTrusted) {
  TrustedClock clock = started(ClockReading{at(minutes(0)) - hours(16)}, -20 * kYear);
  EXPECT_EQ(clock.look(after(minutes(1), -20 * kYear)).sure(), at(minutes(1)) - 20 * kYear);
  EXPECT_EQ(clock.look(after(minutes(2))).sure(), at(minutes(2)));
}

TEST(TrustedClockTest, AClockThatIsSetWhileNothingRanIsTrusted) {
  TrustedClock first = started();
  const ClockReading left = first.look(after(minutes(1), -20 * kYear));
  TrustedClock second({}, after(hours(2)), left);
  EXPECT_EQ(second.look(after(hours(2))).sure(), at(hours(2)));
  TrustedClock third({}, after(hours(2), kYear), left);
  EXPECT_FALSE(third.look(after(hours(2), kYear)).is_trusted());
}

TEST(TrustedClockTest, ARestartWithinTheDayChangesNothing) {
  TrustedClock first = started();
  const ClockReading left = first.look(after(minutes(1), kYear));
  TrustedClock second({}, after(hours(2), kYear), left);
  EXPECT_EQ(second.look(after(hours(2), kYear)).sure(), at(hours(2)));
  EXPECT_EQ(second.look(after(hours(23), kYear)).sure(), at(hours(23)));
  EXPECT_TRUE(second.look(after(hours(25), kYear)).is_trusted());
}

// Eight hours a day, after three weeks without a run.
TEST(TrustedClockTest, ADayOfShortRunsIsADay) {
  const WallTime last = at(minutes(0)) - hours(24 * 21);
  TrustedClock monday = started(ClockReading{last});
  EXPECT_EQ(monday.look(after(minutes(1))).sure(), last + minutes(1));
  const ClockReading left = monday.look(after(hours(8)));
  EXPECT_EQ(left.sure(), last + hours(8));
  TrustedClock tuesday({}, after(hours(24)), left);
  EXPECT_EQ(tuesday.look(after(hours(24))).sure(), at(hours(24)));
}

}  // namespace
}  // namespace soakwatch
