#include "daemon/investigation.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

Finding goroutines(Grade grade, double current) {
  Finding finding;
  finding.detector = "goroutine_growth";
  finding.metric = Metric::kGoroutines;
  finding.grade = grade;
  finding.base = 10;
  finding.current = current;
  return finding;
}

Evidence somebody(bool confirmed) {
  Evidence evidence;
  Culprit culprit;
  culprit.kind = CaptureKind::kGoroutine;
  culprit.name = "main.leak";
  culprit.location = "leak.go:7";
  evidence.culprits.push_back(culprit);
  evidence.confirmed = confirmed;
  evidence.statement = "looked";
  return evidence;
}

TEST(Investigation, AsksForALookAndLetsTheFindingWaitAsASuspicion) {
  Investigation investigation;
  Finding finding = goroutines(Grade::kAlert, 100);
  const auto request = investigation.consider(finding);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->kind, CaptureKind::kGoroutine);
  EXPECT_EQ(request->reason, CaptureReason::kFiring);
  EXPECT_TRUE(request->first);
  EXPECT_EQ(finding.grade, Grade::kSuspect);

  const auto answered = investigation.looked("goroutine_growth", somebody(false));
  ASSERT_EQ(answered.size(), 1U);
  EXPECT_EQ(answered[0].grade, Grade::kAlert);
  ASSERT_EQ(answered[0].culprits.size(), 1U);
  EXPECT_EQ(answered[0].probe, "looked");
}

TEST(Investigation, ALookThatFailedLetsTheAlertGoOn) {
  Investigation investigation;
  Finding finding = goroutines(Grade::kAlert, 100);
  investigation.consider(finding);
  const auto answered =
      investigation.looked("goroutine_growth", {{}, false, "nobody could be named: refused"});
  ASSERT_EQ(answered.size(), 1U);
  EXPECT_EQ(answered[0].grade, Grade::kAlert);
  EXPECT_TRUE(answered[0].culprits.empty());
  EXPECT_EQ(answered[0].probe, "nobody could be named: refused");
}

TEST(Investigation, AConfirmedSuspicionBecomesAnAlert) {
  Investigation investigation;
  Finding finding = goroutines(Grade::kSuspect, 100);
  investigation.consider(finding);
  EXPECT_EQ(investigation.looked("goroutine_growth", somebody(false))[0].grade, Grade::kSuspect);
  finding = goroutines(Grade::kSuspect, 150);
  const auto second = investigation.consider(finding);
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->first);
  EXPECT_EQ(investigation.looked("goroutine_growth", somebody(true))[0].grade, Grade::kAlert);
  // And stays one.
  finding = goroutines(Grade::kSuspect, 151);
  EXPECT_FALSE(investigation.consider(finding));
  EXPECT_EQ(finding.grade, Grade::kAlert);
}

TEST(Investigation, ASuspicionIsNotLookedAtAgainBeforeItHasGrown) {
  Investigation investigation;
  Finding finding = goroutines(Grade::kSuspect, 100);
  investigation.consider(finding);
  investigation.looked("goroutine_growth", somebody(false));
  finding = goroutines(Grade::kSuspect, 105);
  EXPECT_FALSE(investigation.consider(finding));
  finding = goroutines(Grade::kSuspect, 110);
  EXPECT_TRUE(investigation.consider(finding));
}

TEST(Investigation, LooksAtASuspicionAFewTimesOnly) {
  Investigation investigation;
  int looks = 0;
  for (int i = 0; i < 100; ++i) {
    Finding finding = goroutines(Grade::kSuspect, 100.0 + 50 * i);
    if (!investigation.consider(finding)) continue;
    ++looks;
    investigation.looked("goroutine_growth", somebody(false));
  }
  EXPECT_EQ(looks, 4);
}

TEST(Investigation, LooksAtAnAlertWhenItsGrowthHasDoubled) {
  Investigation investigation;
  int looks = 0;
  for (int i = 1; i <= 1000; ++i) {
    Finding finding = goroutines(Grade::kAlert, 10.0 + 10 * i);
    if (!investigation.consider(finding)) continue;
    ++looks;
    investigation.looked("goroutine_growth", somebody(true));
  }
  EXPECT_GE(looks, 8);  // 10 to 10,000: ten times twice as much
  EXPECT_LE(looks, 12);
}

TEST(Investigation, DoesNotAskTwiceAtATime) {
  Investigation investigation;
  Finding finding = goroutines(Grade::kAlert, 100);
  EXPECT_TRUE(investigation.consider(finding));
  finding = goroutines(Grade::kAlert, 5000);
  EXPECT_FALSE(investigation.consider(finding));
}

TEST(Investigation, ForgetsWhatIsOver) {
  Investigation investigation;
  Finding finding = goroutines(Grade::kAlert, 100);
  investigation.consider(finding);
  investigation.over("goroutine_growth");
  EXPECT_TRUE(investigation.looked("goroutine_growth", somebody(true)).empty());
  finding = goroutines(Grade::kSuspect, 100);
  const auto request = investigation.consider(finding);
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->first);
  EXPECT_TRUE(finding.culprits.empty());
}

TEST(Investigation, AFailedLookDoesNotUnsayAnEarlierOne) {
  Investigation investigation;
  Finding finding = goroutines(Grade::kSuspect, 100);
  investigation.consider(finding);
  investigation.looked("goroutine_growth", somebody(true));
  const auto answered = investigation.looked("goroutine_growth", {{}, false, "refused"});
  ASSERT_EQ(answered.size(), 1U);
  EXPECT_EQ(answered[0].culprits.size(), 1U);
  EXPECT_EQ(answered[0].grade, Grade::kAlert);
}

TEST(Investigation, WhatAnotherExplainsIsToldAfterThatOne) {
  Investigation investigation;
  Finding root = goroutines(Grade::kAlert, 100);
  Finding child = goroutines(Grade::kAlert, 100);
  child.detector = "fd_growth";
  child.root = "goroutine_growth";
  investigation.consider(root);
  investigation.consider(child);
  const auto early = investigation.looked("fd_growth", somebody(false));
  ASSERT_EQ(early.size(), 1U);
  EXPECT_EQ(early[0].grade, Grade::kSuspect);
  const auto both = investigation.looked("goroutine_growth", somebody(false));
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].detector, "goroutine_growth");
  EXPECT_EQ(both[1].detector, "fd_growth");
  EXPECT_EQ(both[1].grade, Grade::kAlert);
}

TEST(Investigation, TellsWhichAlertsStillWait) {
  Investigation investigation;
  Finding alert = goroutines(Grade::kAlert, 100);
  investigation.consider(alert);
  Finding suspicion = goroutines(Grade::kSuspect, 100);
  suspicion.detector = "fd_growth";
  investigation.consider(suspicion);
  const auto waiting = investigation.waiting();
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].detector, "goroutine_growth");
  EXPECT_EQ(waiting[0].grade, Grade::kAlert);
}

TEST(Investigation, LeavesFindingsAloneThatNoCaptureTells) {
  Investigation investigation;
  Finding finding = goroutines(Grade::kAlert, 100);
  finding.detector = "swap_growth";
  EXPECT_FALSE(investigation.consider(finding));
  EXPECT_EQ(finding.grade, Grade::kAlert);
}

}  // namespace
}  // namespace soakwatch
