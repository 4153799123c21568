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

TEST(TrustedClockTest, IsNotTrustedForADayAfterAJump) {
  for (const milliseconds off : {milliseconds(hours(24 * 365)), milliseconds(-hours(2))}) {
    TrustedClock clock({});
    EXPECT_EQ(clock.look(after(minutes(0))), after(minutes(0)).wall);
    EXPECT_FALSE(clock.look(after(minutes(1), off)));
    EXPECT_FALSE(clock.look(after(hours(23), off)));
    EXPECT_TRUE(clock.look(after(hours(24) + minutes(1), off)));
  }
}

TEST(TrustedClockTest, AJumpBackIsAJumpToo) {
  TrustedClock clock({});
  EXPECT_TRUE(clock.look(after(minutes(0))));
  EXPECT_FALSE(clock.look(after(minutes(1), hours(24))));
  EXPECT_FALSE(clock.look(after(minutes(2))));
  EXPECT_FALSE(clock.look(after(hours(24))));
  EXPECT_TRUE(clock.look(after(hours(25))));
}

TEST(TrustedClockTest, StaysTrustedThroughCorrectionsAndSleep) {
  TrustedClock clock({});
  EXPECT_TRUE(clock.look(after(minutes(0))));
  EXPECT_TRUE(clock.look(after(minutes(1), minutes(59))));
  // The clock from the boot counts a night's sleep as the wall clock does.
  EXPECT_TRUE(clock.look(after(hours(9), minutes(30))));
}

}  // namespace
}  // namespace soakwatch
