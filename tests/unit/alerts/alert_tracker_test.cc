#include "tracker_fixture.h"

namespace soakwatch {
namespace {

using std::chrono::minutes;
using enum AlertState;

TEST_F(AlertTrackerTest, WithoutHoldBecomesPendingAndFiringInOneCall) {
  auto alerts = tracker(minutes(0), minutes(0));
  const auto changes = alerts.condition_holds(subject_, finding_, kStart);
  EXPECT_EQ(changes_of(changes), (std::vector<Change>{{kInactive, kPending}, {kPending, kFiring}}));
  EXPECT_EQ(changes[0].alert.fired_at, std::nullopt);
  EXPECT_EQ(changes[1].alert.fired_at, kStart);
  EXPECT_EQ(changes[1].alert.id, 101);
  EXPECT_EQ(changes[1].alert.target, 2);
  EXPECT_EQ(changes[1].alert.target_name, "sidecar");
  EXPECT_EQ(changes[1].alert.instance, 3);
  EXPECT_EQ(changes[1].alert.pid, 1234);
  EXPECT_EQ(changes[1].alert.pending_since, kStart);
  EXPECT_EQ(changes[1].time, kStart);
}

TEST_F(AlertTrackerTest, FiresOnceAfterTheHold) {
  auto alerts = tracker(minutes(5), minutes(0));
  EXPECT_THAT(alerts.condition_holds(subject_, finding_, kStart), Changes(kInactive, kPending));
  EXPECT_TRUE(alerts.condition_holds(subject_, finding_, kStart + minutes(4)).empty());
  const auto changes = alerts.condition_holds(subject_, finding_, kStart + minutes(5));
  ASSERT_THAT(changes, Changes(kPending, kFiring));
  EXPECT_EQ(changes[0].reason, "held for 5m");
  EXPECT_EQ(changes[0].alert.id, 101);
  EXPECT_TRUE(alerts.condition_holds(subject_, finding_, kStart + minutes(6)).empty());
  EXPECT_TRUE(alerts.condition_holds(subject_, finding_, kStart + minutes(600)).empty());
}

TEST_F(AlertTrackerTest, NeverFiresWhenTheConditionGoesWithinTheHold) {
  auto alerts = tracker(minutes(5), minutes(10));
  alerts.condition_holds(subject_, finding_, kStart);
  EXPECT_THAT(alerts.condition_absent(subject_, finding_.detector, kStart + minutes(4)),
              Changes(kPending, kInactive));
  EXPECT_TRUE(alerts.open_alerts().empty());
  const auto again = alerts.condition_holds(subject_, finding_, kStart + minutes(6));
  ASSERT_THAT(again, Changes(kInactive, kPending));  // the hold counts from here
  EXPECT_EQ(again[0].alert.id, 102);
}

TEST_F(AlertTrackerTest, ResolvesOnceAfterKeepFiringFor) {
  auto alerts = tracker(minutes(0), minutes(10));
  alerts.condition_holds(subject_, finding_, kStart);
  EXPECT_TRUE(alerts.condition_absent(subject_, finding_.detector, kStart + minutes(1)).empty());
  EXPECT_EQ(alerts.open_alerts().at(0).quiet_since, kStart + minutes(1));
  EXPECT_TRUE(alerts.condition_absent(subject_, finding_.detector, kStart + minutes(10)).empty());
  const auto changes = alerts.condition_absent(subject_, finding_.detector, kStart + minutes(11));
  ASSERT_THAT(changes, Changes(kFiring, kResolved));
  EXPECT_EQ(changes[0].alert.resolved_at, kStart + minutes(11));
  EXPECT_EQ(changes[0].reason, "condition absent for 10m");
  EXPECT_TRUE(alerts.open_alerts().empty());
  EXPECT_TRUE(alerts.condition_absent(subject_, finding_.detector, kStart + minutes(12)).empty());
}

TEST_F(AlertTrackerTest, ResolvesAtOnceWithoutKeepFiringFor) {
  auto alerts = tracker(minutes(0), minutes(0));
  alerts.condition_holds(subject_, finding_, kStart);
  EXPECT_THAT(alerts.condition_absent(subject_, finding_.detector, kStart),
              Changes(kFiring, kResolved));
}

TEST_F(AlertTrackerTest, KeepsFiringWhenTheConditionFlaps) {
  auto alerts = tracker(minutes(0), minutes(10));
  alerts.condition_holds(subject_, finding_, kStart);
  for (int minute = 1; minute < 60; minute += 2) {
    EXPECT_TRUE(
        alerts.condition_absent(subject_, finding_.detector, kStart + minutes(minute)).empty());
    EXPECT_TRUE(alerts.condition_holds(subject_, finding_, kStart + minutes(minute + 1)).empty());
    EXPECT_EQ(alerts.open_alerts().at(0).quiet_since, std::nullopt);
  }
}

TEST_F(AlertTrackerTest, OpensANewAlertAfterResolved) {
  auto alerts = tracker(minutes(0), minutes(0));
  alerts.condition_holds(subject_, finding_, kStart);
  alerts.condition_absent(subject_, finding_.detector, kStart + minutes(1));
  const auto changes = alerts.condition_holds(subject_, finding_, kStart + minutes(2));
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[1].alert.id, 102);
  EXPECT_EQ(changes[1].alert.resolved_at, std::nullopt);
}

TEST_F(AlertTrackerTest, AnAbsentConditionWithoutAnAlertIsNothing) {
  auto alerts = tracker(minutes(0), minutes(0));
  EXPECT_TRUE(alerts.condition_absent(subject_, "open_fds_growth", kStart).empty());
  alerts.condition_holds(subject_, finding_, kStart);
  EXPECT_TRUE(alerts.condition_absent(subject_, "open_fds_growth", kStart).empty());
  EXPECT_EQ(alerts.open_alerts().size(), 1U);
}

TEST_F(AlertTrackerTest, KeepsTheFindingUpToDateWithTheFirstBaseAndTheEarliestSince) {
  auto alerts = tracker(minutes(0), minutes(0));
  alerts.condition_holds(subject_, finding_, kStart);
  Finding later = finding_;
  later.base = 900;
  later.current = 5000;
  later.slope_per_hour = 300;
  later.since = finding_.since + minutes(30);
  alerts.condition_holds(subject_, later, kStart + minutes(60));
  Finding known = alerts.open_alerts().at(0).finding;
  EXPECT_EQ(known.base, 54);
  EXPECT_EQ(known.since, finding_.since);
  EXPECT_EQ(known.current, 5000);
  EXPECT_EQ(known.slope_per_hour, 300);
  EXPECT_EQ(alerts.open_alerts().at(0).updated, kStart + minutes(60));

  later.since = finding_.since - minutes(30);
  alerts.condition_holds(subject_, later, kStart + minutes(61));
  EXPECT_EQ(alerts.open_alerts().at(0).finding.since, finding_.since - minutes(30));
}

TEST_F(AlertTrackerTest, TheEndOfAnInstanceClosesItsAlertsAndNoOthers) {
  auto alerts = tracker(minutes(5), minutes(10));
  Finding fds = finding_;
  fds.detector = "open_fds_growth";
  const AlertSubject other{2, "sidecar", 4, 1300};
  alerts.condition_holds(subject_, fds, kStart);
  alerts.condition_holds(subject_, fds, kStart + minutes(5));  // firing
  alerts.condition_holds(subject_, finding_, kStart + minutes(5));
  alerts.condition_holds(other, finding_, kStart + minutes(5));
  ASSERT_EQ(alerts.open_alerts().size(), 3U);

  const auto changes = alerts.instance_ended(3, kStart + minutes(6), "process ended");
  EXPECT_EQ(changes_of(changes),
            (std::vector<Change>{{kPending, kInactive}, {kFiring, kResolved}}));
  EXPECT_EQ(changes[1].reason, "process ended");
  EXPECT_EQ(changes[1].alert.resolved_at, kStart + minutes(6));
  EXPECT_EQ(changes[0].alert.resolved_at, std::nullopt);
  ASSERT_EQ(alerts.open_alerts().size(), 1U);
  EXPECT_EQ(alerts.open_alerts()[0].instance, 4);
  EXPECT_TRUE(alerts.instance_ended(3, kStart + minutes(7), "process ended").empty());
}

TEST_F(AlertTrackerTest, DetectorsAndInstancesHaveAlertsOfTheirOwn) {
  auto alerts = tracker(minutes(0), minutes(0));
  Finding fds = finding_;
  fds.detector = "open_fds_growth";
  const AlertSubject other{2, "sidecar", 4, 1300};
  EXPECT_EQ(alerts.condition_holds(subject_, finding_, kStart).at(1).alert.id, 101);
  EXPECT_EQ(alerts.condition_holds(subject_, fds, kStart).at(1).alert.id, 102);
  EXPECT_EQ(alerts.condition_holds(other, finding_, kStart).at(1).alert.id, 103);
}

// What a new tracker makes of the alerts that an earlier one left open.
class RestoredAlertTest : public AlertTrackerTest {
 protected:
  Alert left_open(AlertState state) {
    Alert alert = to_firing(40).alert;
    alert.state = state;
    alert.pending_since = kStart;
    alert.alert_since = kStart;
    alert.fired_at.reset();
    if (state == kFiring || state == kPlateau) alert.fired_at = kStart;
    return alert;
  }
};

TEST_F(RestoredAlertTest, AFiringOneDoesNotFireAgain) {
  auto alerts = tracker(minutes(5), minutes(10));
  alerts.restore({left_open(kFiring)});
  EXPECT_TRUE(alerts.condition_holds(subject_, finding_, kStart + minutes(60)).empty());
  EXPECT_EQ(alerts.open_alerts().at(0).id, 40);
  EXPECT_EQ(alerts.open_alerts().at(0).fired_at, kStart);
  EXPECT_EQ(last_id_, 100);
}

TEST_F(RestoredAlertTest, APlateauStaysOneAndIsStillResolved) {
  auto alerts = tracker(minutes(0), minutes(10));
  alerts.restore({left_open(kPlateau)});
  finding_.phase = Phase::kPlateau;
  EXPECT_TRUE(alerts.condition_holds(subject_, finding_, kStart + minutes(60)).empty());
  EXPECT_EQ(alerts.open_alerts().at(0).state, kPlateau);
  alerts.condition_absent(subject_, finding_.detector, kStart + minutes(61));
  EXPECT_THAT(alerts.condition_absent(subject_, finding_.detector, kStart + minutes(71)),
              Changes(kPlateau, kResolved));
}

TEST_F(RestoredAlertTest, AFiringOneIsStillResolved) {
  auto alerts = tracker(minutes(5), minutes(10));
  Alert alert = left_open(kFiring);
  alert.quiet_since = kStart + minutes(3);
  alerts.restore({alert});
  EXPECT_TRUE(alerts.condition_absent(subject_, finding_.detector, kStart + minutes(12)).empty());
  EXPECT_THAT(alerts.condition_absent(subject_, finding_.detector, kStart + minutes(13)),
              Changes(kFiring, kResolved));
}

TEST_F(RestoredAlertTest, APendingOneGoesOnWaitingFromWhereItWas) {
  auto alerts = tracker(minutes(5), minutes(10));
  alerts.restore({left_open(kPending)});
  EXPECT_TRUE(alerts.condition_holds(subject_, finding_, kStart + minutes(4)).empty());
  const auto changes = alerts.condition_holds(subject_, finding_, kStart + minutes(5));
  ASSERT_THAT(changes, Changes(kPending, kFiring));
  EXPECT_EQ(changes[0].alert.id, 40);
}

TEST_F(RestoredAlertTest, TheOnesThatAreOverAndTheOlderOfTwoArePassedOver) {
  auto alerts = tracker(minutes(0), minutes(10));
  Alert newer = left_open(kFiring);
  newer.id = 41;
  Alert resolved = left_open(kResolved);
  resolved.instance = 9;
  alerts.restore({left_open(kFiring), newer, left_open(kPending), resolved, left_open(kInactive)});
  ASSERT_EQ(alerts.open_alerts().size(), 1U);
  EXPECT_EQ(alerts.open_alerts()[0].id, 41);
}

TEST_F(AlertTrackerTest, AClockSetBackDelaysFiringByOneHoldAtMost) {
  auto alerts = tracker(minutes(5), minutes(0));
  alerts.condition_holds(subject_, finding_, kStart);
  const WallTime back = kStart - std::chrono::hours(24 * 365);
  EXPECT_TRUE(alerts.condition_holds(subject_, finding_, back).empty());
  EXPECT_TRUE(alerts.condition_holds(subject_, finding_, back + minutes(4)).empty());
  EXPECT_THAT(alerts.condition_holds(subject_, finding_, back + minutes(5)),
              Changes(kPending, kFiring));
}

TEST_F(AlertTrackerTest, AClockSetBackDelaysResolvingByOneKeepFiringForAtMost) {
  auto alerts = tracker(minutes(0), minutes(10));
  alerts.condition_holds(subject_, finding_, kStart);
  alerts.condition_absent(subject_, finding_.detector, kStart + minutes(9));
  const WallTime back = kStart - std::chrono::hours(24 * 365);
  EXPECT_TRUE(alerts.condition_absent(subject_, finding_.detector, back).empty());
  EXPECT_TRUE(alerts.condition_absent(subject_, finding_.detector, back + minutes(9)).empty());
  EXPECT_THAT(alerts.condition_absent(subject_, finding_.detector, back + minutes(10)),
              Changes(kFiring, kResolved));
}

}  // namespace
}  // namespace soakwatch
