#include "cli/alert_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace soakwatch {
namespace {

using std::chrono::minutes;

const WallTime kNow = from_unix_ms(1795164000000);

Alert firing() {
  Alert alert;
  alert.state = AlertState::kFiring;
  alert.updated = kNow;
  alert.finding.metric = Metric::kOpenFds;
  alert.finding.limit = Limit{"RLIMIT_NOFILE", 1024, minutes(110)};
  return alert;
}

TEST(StateWord, NamesTheSuspicionAmongWhatIsPending) {
  Alert alert = firing();
  EXPECT_EQ(state_word(alert, false), "firing");
  EXPECT_EQ(state_word(alert, true), "\x1b[31mfiring\x1b[0m");
  alert.state = AlertState::kPending;
  EXPECT_EQ(state_word(alert, true), "pending");
  alert.finding.grade = Grade::kSuspect;
  EXPECT_EQ(state_word(alert, true), "SUSPECT");
  alert.state = AlertState::kInactive;
  EXPECT_EQ(state_word(alert, true), "inactive");
}

TEST(SeverityWord, IsRedWhereItIsCriticalAndNotOver) {
  Alert alert = firing();
  EXPECT_EQ(severity_word(alert, true), "warning");
  alert.finding.severity = Severity::kCritical;
  EXPECT_EQ(severity_word(alert, true), "\x1b[31mcritical\x1b[0m");
  alert.state = AlertState::kResolved;
  EXPECT_EQ(severity_word(alert, true), "critical");
}

TEST(LimitText, CountsTheTimeSinceTheFiguresWereTaken) {
  const Alert alert = firing();
  EXPECT_EQ(limit_text(alert, kNow), "reaches RLIMIT_NOFILE (1,024) in 1h50m");
  EXPECT_EQ(limit_text(alert, kNow + minutes(100)), "reaches RLIMIT_NOFILE (1,024) in 10m");
  EXPECT_EQ(limit_text(alert, kNow + minutes(110)), "about to reach RLIMIT_NOFILE (1,024)");
  EXPECT_EQ(limit_text(alert, kNow - minutes(500)), "reaches RLIMIT_NOFILE (1,024) in 1h50m");
}

TEST(LimitText, IsEmptyWhereNothingGrowsOrNoLimitIsKnown) {
  Alert alert = firing();
  for (const AlertState state : {AlertState::kPlateau, AlertState::kResolved}) {
    alert.state = state;
    EXPECT_EQ(limit_text(alert, kNow), "");
  }
  alert = firing();
  alert.finding.limit.reset();
  EXPECT_EQ(limit_text(alert, kNow), "");
}

TEST(GateText, HasTheUnitsOfItsFigures) {
  constexpr double kMiB = 1024.0 * 1024.0;
  const Metric heap = Metric::kHeapAllocBytes;
  EXPECT_EQ(gate_text(heap, {"size", true, 71 * kMiB, 32 * kMiB, "growth of the floor, at least"}),
            "passed  size           71.0 MiB, at least 32.0 MiB: growth of the floor");
  EXPECT_EQ(
      gate_text(heap, {"levelling_off", true, 9 * kMiB, 4.5 * kMiB,
                       "growth per hour in the last part, at least"}),
      "passed  levelling_off  +9.0 MiB/h, at least +4.5 MiB/h: growth per hour in the last part");
  EXPECT_EQ(gate_text(heap, {"load", false, 0.12, 0.3, "growth as a share, at least, against x"}),
            "failed  load           12.0 %, at least 30.0 %: growth as a share, against x");
  EXPECT_EQ(gate_text(heap, {"cold_start", true, 1440, 7200,
                             "seconds of growth from the start, at least, unless calm before"}),
            "passed  cold_start     24m, at least 2h: growth from the start, unless calm before");
  EXPECT_EQ(gate_text(heap, {"cold_start", true, 48, 0, "seconds of growth, at least"}),
            "passed  cold_start     48s, at least 0 s: growth");
  EXPECT_EQ(gate_text(heap, {"order", true, 12, 41, "pairs of blocks that do not rise, at most"}),
            "passed  order          12, at most 41: pairs of blocks that do not rise");
}

TEST(GateText, ShowsPlainNumbersOfAMeaningThatItDoesNotKnow) {
  EXPECT_EQ(gate_text(Metric::kRssBytes, {"new", true, 1234567, 0.5, "figure"}),
            "passed  new            1.23457e+06, against 0.5: figure");
}

TEST(GateText, StandsNumbersThatAreNone) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(gate_text(Metric::kRssBytes, {"size", true, nan, 1e300, "floor"}).substr(0, 31),
            "passed  size           unknown,");
  EXPECT_EQ(gate_text(Metric::kRssBytes, {"long", true, 1e300, -1e300, "seconds of \x1b[31m"}),
            "passed  long           1e+300 s, against -1e+300 s: \\x1b[31m");
}

}  // namespace
}  // namespace soakwatch
