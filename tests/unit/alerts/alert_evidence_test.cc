// Grades, plateaus, severity and roots: what the weight of a finding does to its alert.
#include "tracker_fixture.h"

namespace soakwatch {
namespace {

using std::chrono::minutes;
using enum AlertState;

class AlertEvidenceTest : public AlertTrackerTest {
 protected:
  std::vector<AlertTransition> holds(AlertTracker& alerts, Grade grade, WallTime now) {
    finding_.grade = grade;
    return alerts.condition_holds(subject_, finding_, now);
  }
  std::vector<AlertTransition> holds(AlertTracker& alerts, Phase phase, WallTime now) {
    finding_.phase = phase;
    return alerts.condition_holds(subject_, finding_, now);
  }
  // A second alert of the same process, which `finding_` explains.
  Finding child() const {
    Finding heap = finding_;
    heap.detector = "live_heap_growth";
    heap.metric = Metric::kNextGcBytes;
    heap.root = finding_.detector;
    return heap;
  }
};

TEST_F(AlertEvidenceTest, ASuspicionStaysPendingHoweverLongItHolds) {
  auto alerts = tracker(minutes(0), minutes(0));
  const auto first = holds(alerts, Grade::kSuspect, kStart);
  ASSERT_THAT(first, Changes(kInactive, kPending));
  EXPECT_EQ(first[0].reason, "suspicion: goroutines grow steadily");
  EXPECT_TRUE(holds(alerts, Grade::kSuspect, kStart + minutes(600)).empty());
  EXPECT_THAT(alerts.condition_absent(subject_, finding_.detector, kStart + minutes(601)),
              Changes(kPending, kInactive));
}

TEST_F(AlertEvidenceTest, ASuspicionThatHardensFires) {
  auto alerts = tracker(minutes(0), minutes(0));
  holds(alerts, Grade::kSuspect, kStart);
  finding_.gates = {{"walk", true, 31, 40, "rank sum, at most"}};
  const auto changes = holds(alerts, Grade::kAlert, kStart + minutes(5));
  ASSERT_THAT(changes, Changes(kPending, kFiring));
  EXPECT_EQ(changes[0].reason, "more than a suspicion now");
  EXPECT_EQ(changes[0].alert.pending_since, kStart);
  EXPECT_EQ(changes[0].alert.fired_at, kStart + minutes(5));
  EXPECT_EQ(changes[0].alert.finding.gates.at(0).name, "walk");  // those that it fired on
}

TEST_F(AlertEvidenceTest, TheHoldBeginsWithTheFirstFindingOfGradeAlert) {
  auto alerts = tracker(minutes(5), minutes(0));
  holds(alerts, Grade::kSuspect, kStart);
  EXPECT_TRUE(holds(alerts, Grade::kAlert, kStart + minutes(60)).empty());
  EXPECT_TRUE(holds(alerts, Grade::kAlert, kStart + minutes(64)).empty());
  const auto changes = holds(alerts, Grade::kAlert, kStart + minutes(65));
  ASSERT_THAT(changes, Changes(kPending, kFiring));
  EXPECT_EQ(changes[0].reason, "held for 5m");
}

TEST_F(AlertEvidenceTest, ASuspicionBetweenTwoFindingsOfGradeAlertBeginsTheHoldAnew) {
  auto alerts = tracker(minutes(5), minutes(0));
  holds(alerts, Grade::kAlert, kStart);
  holds(alerts, Grade::kSuspect, kStart + minutes(4));
  EXPECT_TRUE(holds(alerts, Grade::kAlert, kStart + minutes(6)).empty());
  EXPECT_TRUE(holds(alerts, Grade::kAlert, kStart + minutes(10)).empty());
  EXPECT_THAT(holds(alerts, Grade::kAlert, kStart + minutes(11)), Changes(kPending, kFiring));
}

TEST_F(AlertEvidenceTest, ARestartOfTheDaemonDoesNotBeginTheHoldAnew) {
  auto before = tracker(minutes(5), minutes(0));
  holds(before, Grade::kSuspect, kStart);
  holds(before, Grade::kAlert, kStart + minutes(10));
  auto after = tracker(minutes(5), minutes(0));
  after.restore(before.open_alerts());
  EXPECT_THAT(holds(after, Grade::kAlert, kStart + minutes(15)), Changes(kPending, kFiring));
}

TEST_F(AlertEvidenceTest, WhatFiredDoesNotGoBackToPendingWhenTheEvidenceWeakens) {
  auto alerts = tracker(minutes(0), minutes(0));
  holds(alerts, Grade::kAlert, kStart);
  EXPECT_TRUE(holds(alerts, Grade::kSuspect, kStart + minutes(5)).empty());
  EXPECT_EQ(alerts.open_alerts().at(0).state, kFiring);
  EXPECT_EQ(alerts.open_alerts().at(0).finding.grade, Grade::kAlert);
}

TEST_F(AlertEvidenceTest, BecomesAPlateauAndFiresAgain) {
  auto alerts = tracker(minutes(0), minutes(10));
  holds(alerts, Phase::kGrowing, kStart);
  const auto stopped = holds(alerts, Phase::kPlateau, kStart + minutes(30));
  ASSERT_THAT(stopped, Changes(kFiring, kPlateau));
  EXPECT_EQ(stopped[0].reason, "stopped growing, not given back");
  EXPECT_TRUE(holds(alerts, Phase::kPlateau, kStart + minutes(31)).empty());
  finding_.current = 4000;
  const auto again = holds(alerts, Phase::kGrowing, kStart + minutes(60));
  ASSERT_THAT(again, Changes(kPlateau, kFiring));
  EXPECT_EQ(again[0].reason, "grows again: 4,000 by now");
  EXPECT_EQ(again[0].alert.id, 101);
  EXPECT_EQ(again[0].alert.fired_at, kStart);  // for the first time
  EXPECT_TRUE(holds(alerts, Phase::kGrowing, kStart + minutes(61)).empty());
}

TEST_F(AlertEvidenceTest, ASuspicionDoesNotEndAPlateau) {
  auto alerts = tracker(minutes(0), minutes(10));
  holds(alerts, Phase::kGrowing, kStart);
  holds(alerts, Phase::kPlateau, kStart + minutes(30));
  finding_.grade = Grade::kSuspect;
  EXPECT_TRUE(holds(alerts, Phase::kGrowing, kStart + minutes(60)).empty());
  EXPECT_EQ(alerts.open_alerts().at(0).state, kPlateau);
}

TEST_F(AlertEvidenceTest, APlateauIsResolvedWhenTheConditionIsAbsentForLongEnough) {
  auto alerts = tracker(minutes(0), minutes(10));
  holds(alerts, Phase::kGrowing, kStart);
  holds(alerts, Phase::kPlateau, kStart + minutes(30));
  EXPECT_TRUE(alerts.condition_absent(subject_, finding_.detector, kStart + minutes(31)).empty());
  EXPECT_TRUE(alerts.condition_absent(subject_, finding_.detector, kStart + minutes(40)).empty());
  EXPECT_THAT(alerts.condition_absent(subject_, finding_.detector, kStart + minutes(41)),
              Changes(kPlateau, kResolved));
}

TEST_F(AlertEvidenceTest, APlateauIsResolvedWhenItsProcessEnds) {
  auto alerts = tracker(minutes(0), minutes(10));
  holds(alerts, Phase::kGrowing, kStart);
  holds(alerts, Phase::kPlateau, kStart + minutes(30));
  EXPECT_THAT(alerts.instance_ended(3, kStart + minutes(31), "process ended"),
              Changes(kPlateau, kResolved));
}

TEST_F(AlertEvidenceTest, APlateauOpensNoAlertAndEndsAPendingOne) {
  auto alerts = tracker(minutes(5), minutes(0));
  EXPECT_TRUE(holds(alerts, Phase::kPlateau, kStart).empty());
  holds(alerts, Phase::kGrowing, kStart);
  const auto changes = holds(alerts, Phase::kPlateau, kStart + minutes(60));
  ASSERT_THAT(changes, Changes(kPending, kInactive));
  EXPECT_EQ(changes[0].reason, "stopped growing");
  EXPECT_TRUE(alerts.open_alerts().empty());
  EXPECT_TRUE(holds(alerts, Phase::kPlateau, kStart + minutes(61)).empty());
}

TEST_F(AlertEvidenceTest, AFiringAlertThatBecomesCriticalSaysSoOnce) {
  auto alerts = tracker(minutes(0), minutes(0));
  holds(alerts, Grade::kAlert, kStart);
  finding_.severity = Severity::kCritical;
  const auto changes = holds(alerts, Grade::kAlert, kStart + minutes(1));
  ASSERT_THAT(changes, Changes(kFiring, kFiring));
  EXPECT_EQ(changes[0].reason, "reaches RLIMIT_NOFILE in 1h50m");
  EXPECT_EQ(changes[0].alert.fired_at, kStart);
  for (const Severity severity : {Severity::kCritical, Severity::kInfo, Severity::kCritical}) {
    finding_.severity = severity;
    EXPECT_TRUE(holds(alerts, Grade::kAlert, kStart + minutes(2)).empty());
    EXPECT_EQ(alerts.open_alerts().at(0).finding.severity, Severity::kCritical);
  }
}

TEST_F(AlertEvidenceTest, OneThatIsCriticalFromTheFirstOrOnlyPendingHasNoNews) {
  auto alerts = tracker(minutes(0), minutes(0));
  holds(alerts, Grade::kSuspect, kStart);
  finding_.severity = Severity::kCritical;
  EXPECT_TRUE(holds(alerts, Grade::kSuspect, kStart + minutes(1)).empty());
  EXPECT_THAT(holds(alerts, Grade::kAlert, kStart + minutes(2)), Changes(kPending, kFiring));
  EXPECT_TRUE(holds(alerts, Grade::kAlert, kStart + minutes(3)).empty());
}

TEST_F(AlertEvidenceTest, ARiseToWarningIsNoNews) {
  auto alerts = tracker(minutes(0), minutes(0));
  finding_.severity = Severity::kInfo;
  holds(alerts, Grade::kAlert, kStart);
  finding_.severity = Severity::kWarning;
  EXPECT_TRUE(holds(alerts, Grade::kAlert, kStart + minutes(1)).empty());
  EXPECT_EQ(alerts.open_alerts().at(0).finding.severity, Severity::kWarning);
}

TEST_F(AlertEvidenceTest, WhatALaterFindingLeavesOutStaysAndWhatItSaysCounts) {
  auto alerts = tracker(minutes(0), minutes(0));
  holds(alerts, Grade::kAlert, kStart);
  Finding later = finding_;
  later.cause.clear();
  later.ruled_out.clear();
  later.limit.reset();
  later.is_leak = false;
  later.root = "fd_growth";
  alerts.condition_holds(subject_, later, kStart + minutes(1));
  Finding known = alerts.open_alerts().at(0).finding;
  EXPECT_EQ(known.cause, "goroutines that never end");
  EXPECT_EQ(known.ruled_out, finding_.ruled_out);
  EXPECT_EQ(known.root, "fd_growth");
  EXPECT_FALSE(known.is_leak);
  EXPECT_FALSE(known.limit);
  later.cause = "connections that nobody closes";
  later.ruled_out = {"a", "b"};
  later.root.clear();
  alerts.condition_holds(subject_, later, kStart + minutes(2));
  known = alerts.open_alerts().at(0).finding;
  EXPECT_EQ(known.cause, "connections that nobody closes");
  EXPECT_EQ(known.ruled_out.size(), 2U);
  EXPECT_EQ(known.root, "fd_growth");
}

TEST_F(AlertEvidenceTest, AChildIsNotTold) {
  auto alerts = tracker(minutes(0), minutes(0));
  EXPECT_TRUE(alerts.condition_holds(subject_, finding_, kStart).at(1).alert.told);
  EXPECT_FALSE(alerts.condition_holds(subject_, child(), kStart).at(1).alert.told);
}

TEST_F(AlertEvidenceTest, AChildIsToldWhereItsRootIsASuspicionOrHasNoAlertOrIsOfAnotherProcess) {
  auto alerts = tracker(minutes(0), minutes(0));
  const AlertSubject other{2, "sidecar", 4, 1300};
  holds(alerts, Grade::kSuspect, kStart);
  Finding heap = child();
  heap.grade = Grade::kAlert;
  EXPECT_TRUE(alerts.condition_holds(subject_, heap, kStart).at(1).alert.told);
  holds(alerts, Grade::kAlert, kStart);
  EXPECT_TRUE(alerts.condition_holds(other, heap, kStart).at(1).alert.told);
}

TEST_F(AlertEvidenceTest, WhatWasToldStaysSoWhenItsRootIsFoundLater) {
  auto alerts = tracker(minutes(0), minutes(0));
  Finding heap = child();
  heap.root.clear();
  alerts.condition_holds(subject_, heap, kStart);
  holds(alerts, Grade::kAlert, kStart + minutes(1));
  EXPECT_TRUE(alerts.condition_holds(subject_, child(), kStart + minutes(1)).empty());
  EXPECT_EQ(alerts.open_alert(3, heap.detector)->finding.root, finding_.detector);
  EXPECT_TRUE(alerts.instance_ended(3, kStart + minutes(2), "process ended").at(1).alert.told);
}

TEST_F(AlertEvidenceTest, AChildThatOutlivesItsRootIsToldOnce) {
  auto alerts = tracker(minutes(0), minutes(0));
  holds(alerts, Grade::kAlert, kStart);
  Finding heap = child();
  alerts.condition_holds(subject_, heap, kStart);
  EXPECT_TRUE(alerts.condition_holds(subject_, heap, kStart + minutes(1)).empty());
  alerts.condition_absent(subject_, finding_.detector, kStart + minutes(2));
  heap.root.clear();
  const auto changes = alerts.condition_holds(subject_, heap, kStart + minutes(3));
  ASSERT_THAT(changes, Changes(kFiring, kFiring));
  EXPECT_EQ(changes[0].reason, "no longer explained by goroutine_growth");
  EXPECT_TRUE(changes[0].alert.told);
  EXPECT_EQ(changes[0].alert.finding.root, "");
  EXPECT_TRUE(alerts.condition_holds(subject_, heap, kStart + minutes(4)).empty());
}

TEST_F(AlertEvidenceTest, AChildThatIsCriticalIsToldWhereItsRootIsNot) {
  auto alerts = tracker(minutes(0), minutes(0));
  holds(alerts, Grade::kAlert, kStart);
  Finding heap = child();
  EXPECT_FALSE(alerts.condition_holds(subject_, heap, kStart).at(1).alert.told);
  heap.severity = Severity::kCritical;
  const auto changes = alerts.condition_holds(subject_, heap, kStart + minutes(1));
  ASSERT_THAT(changes, Changes(kFiring, kFiring));
  EXPECT_TRUE(changes[0].alert.told);
  EXPECT_EQ(changes[0].reason, "reaches RLIMIT_NOFILE in 1h50m");
  EXPECT_EQ(changes[0].alert.finding.root, finding_.detector);
  EXPECT_TRUE(alerts.condition_holds(subject_, heap, kStart + minutes(2)).empty());
  Finding memory = heap;
  memory.detector = "anon_memory_growth";
  EXPECT_TRUE(alerts.condition_holds(subject_, memory, kStart).at(1).alert.told);
}

TEST_F(AlertEvidenceTest, AChildThatGrowsOnIsToldWhenItsRootHasStopped) {
  auto alerts = tracker(minutes(0), minutes(0));
  holds(alerts, Grade::kAlert, kStart);
  Finding heap = child();
  alerts.condition_holds(subject_, heap, kStart);
  holds(alerts, Phase::kPlateau, kStart + minutes(30));
  EXPECT_TRUE(alerts.condition_holds(subject_, heap, kStart + minutes(31)).empty());
  heap.root.clear();
  const auto changes = alerts.condition_holds(subject_, heap, kStart + minutes(60));
  ASSERT_THAT(changes, Changes(kFiring, kFiring));
  EXPECT_TRUE(changes[0].alert.told);
  EXPECT_EQ(changes[0].reason, "no longer explained by goroutine_growth");
}

TEST_F(AlertEvidenceTest, AChildIsLeftToItsRootWhileThatGrowsOrWhenBothStop) {
  auto alerts = tracker(minutes(0), minutes(0));
  holds(alerts, Grade::kAlert, kStart);
  Finding heap = child();
  alerts.condition_holds(subject_, heap, kStart);
  heap.root.clear();  // for once: the root still grows
  EXPECT_TRUE(alerts.condition_holds(subject_, heap, kStart + minutes(1)).empty());
  holds(alerts, Phase::kPlateau, kStart + minutes(30));
  heap.phase = Phase::kPlateau;
  const auto changes = alerts.condition_holds(subject_, heap, kStart + minutes(31));
  ASSERT_THAT(changes, Changes(kFiring, kPlateau));
  EXPECT_FALSE(changes[0].alert.told);
}

}  // namespace
}  // namespace soakwatch
