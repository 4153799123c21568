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

class TrustedClockTest : public testing::Test {
 protected:
  TrustedClockTest() { clock_.start(after(minutes(0)), std::nullopt); }
  TrustedClock clock_{{}};
};

TEST_F(TrustedClockTest, BeforeItsStartNothingIsOld) {
  TrustedClock clock({});
  EXPECT_EQ(clock.look(after(minutes(0))), from_unix_ms(0));
}

TEST_F(TrustedClockTest, AJumpAheadDoesNotCountForADay) {
  const milliseconds year = hours(24 * 365);
  EXPECT_EQ(clock_.look(after(minutes(1), year)), after(minutes(1)).wall);
  EXPECT_EQ(clock_.look(after(hours(23), year)), after(hours(23)).wall);
  const Moment steady = after(hours(24) + minutes(1), year);
  EXPECT_EQ(clock_.look(steady), steady.wall);
}

TEST_F(TrustedClockTest, AJumpBackCountsAtOnceAndIsAJumpAllTheSame) {
  EXPECT_EQ(clock_.look(after(minutes(1), -hours(24))), after(minutes(1), -hours(24)).wall);
  EXPECT_EQ(clock_.look(after(minutes(2))), after(minutes(2)).wall);  // back where it was
  EXPECT_EQ(clock_.look(after(hours(2), hours(48))), after(hours(2)).wall);
}

TEST_F(TrustedClockTest, StaysTrustedThroughCorrectionsAndSleep) {
  EXPECT_EQ(clock_.look(after(minutes(1), minutes(59))), after(minutes(1), minutes(59)).wall);
  // The clock from the boot counts a night's sleep as the wall clock does.
  EXPECT_EQ(clock_.look(after(hours(9), minutes(30))), after(hours(9), minutes(30)).wall);
}

TEST_F(TrustedClockTest, AStartLongAfterTheNewestRowCountsFromThatRowForADay) {
  const WallTime newest = after(minutes(0)).wall - hours(24 * 365);
  TrustedClock clock({});
  clock.start(after(minutes(0)), newest);
  EXPECT_EQ(clock.look(after(minutes(1))), newest + minutes(1));
  EXPECT_EQ(clock.look(after(hours(23))), newest + hours(23));
  EXPECT_EQ(clock.look(after(hours(24))), after(hours(24)).wall);
}

TEST_F(TrustedClockTest, AStartAfterAWeekendCountsAtOnceAndSoDoesOneBeforeTheNewestRow) {
  for (const milliseconds before : {hours(48), -hours(24 * 365)}) {
    TrustedClock clock({});
    clock.start(after(minutes(0)), after(minutes(0)).wall - before);
    EXPECT_EQ(clock.look(after(minutes(1))), after(minutes(1)).wall);
  }
}

}  // namespace
}  // namespace soakwatch
