// Which captures go first, which never.
#include "storage/capture_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace soakwatch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr WallTime kNow = from_unix_ms(1795164000000);
constexpr std::int64_t kBlock = 4096;

// One block large, of instance 1.
Capture taken(CaptureId id, CaptureReason reason, milliseconds ago, InstanceId instance = 1) {
  Capture capture;
  capture.id = id;
  capture.target = 1;
  capture.instance = instance;
  capture.kind = CaptureKind::kHeap;
  capture.reason = reason;
  capture.time = kNow - ago;
  capture.bytes = kBlock;
  return capture;
}

Capture baseline(CaptureId id, milliseconds ago, InstanceId instance = 1) {
  return taken(id, CaptureReason::kBaseline, ago, instance);
}

Capture for_alert(CaptureId id, AlertId alert, milliseconds ago, InstanceId instance = 1) {
  Capture capture = taken(id, CaptureReason::kFiring, ago, instance);
  capture.alert = alert;
  return capture;
}

CaptureBudget blocks(std::int64_t count) {
  CaptureBudget budget;
  budget.max_bytes = count * kBlock;
  return budget;
}

std::vector<CaptureId> kept(const std::vector<Capture>& all, const CaptureSelection& selection) {
  std::vector<CaptureId> ids;
  for (const Capture& capture : all) {
    if (std::find(selection.remove.begin(), selection.remove.end(), capture.id) ==
        selection.remove.end()) {
      ids.push_back(capture.id);
    }
  }
  return ids;
}

// One of each rank; the older id is the later to go.
class RanksTest : public testing::Test {
 protected:
  RanksTest() {
    use_.open_alerts = {{7, 1, kNow - hours(5)}};
    use_.ended_instances = {2};
    captures_ = {
        for_alert(1, 7, hours(4)),                      // of an open alert
        baseline(2, hours(6)),                          // what it refers to, and the first
        taken(3, CaptureReason::kFinal, hours(12), 3),  // of a process that runs
        taken(4, CaptureReason::kFinal, hours(11), 2),  // of one that ended
        for_alert(5, 6, hours(10), 3),                  // of a resolved alert
        taken(6, CaptureReason::kManual, hours(9)),     //
        baseline(7, hours(3)),
        baseline(8, hours(1)),  // a redundant one, and the newest
    };
  }
  CaptureUse use_;
  std::vector<Capture> captures_;
};

TEST_F(RanksTest, NothingGoesWithinTheBudget) {
  const auto selection = captures_to_remove(captures_, use_, blocks(8), kNow);
  EXPECT_THAT(selection.remove, IsEmpty());
  EXPECT_TRUE(selection.fits);
}

TEST_F(RanksTest, TheOldestRedundantGoFirst) {
  const std::vector<std::vector<CaptureId>> expected{
      {1, 2, 3, 4, 5, 6, 8},
      {1, 2, 3, 4, 5, 8},
      {1, 2, 3, 4, 8},
      {1, 2, 3, 8},
      {1, 2, 8},
      {1, 2},
      {2},
  };
  for (const std::vector<CaptureId>& stay : expected) {
    const auto budget = blocks(static_cast<std::int64_t>(stay.size()));
    const auto selection = captures_to_remove(captures_, use_, budget, kNow);
    EXPECT_EQ(kept(captures_, selection), stay);
    EXPECT_TRUE(selection.fits);
  }
}

TEST_F(RanksTest, TheBaselineOfAnOpenAlertNeverGoes) {
  const auto selection = captures_to_remove(captures_, use_, blocks(0), kNow);
  EXPECT_THAT(kept(captures_, selection), ElementsAre(2));
  EXPECT_FALSE(selection.fits);
}

TEST_F(RanksTest, WithoutTheAlertItGoesLikeAnyOther) {
  const auto selection = captures_to_remove(captures_, {}, blocks(0), kNow);
  EXPECT_THAT(kept(captures_, selection), IsEmpty());
  EXPECT_TRUE(selection.fits);
}

TEST_F(RanksTest, ANewOneIsNeverChosenAndNeverTakesThePlaceOfAnOpenAlerts) {
  captures_.push_back(taken(0, CaptureReason::kManual, hours(0)));
  const auto selection = captures_to_remove(captures_, use_, blocks(3), kNow);
  EXPECT_THAT(kept(captures_, selection), ElementsAre(1, 2, 0));
  EXPECT_TRUE(selection.fits);
  EXPECT_FALSE(captures_to_remove(captures_, use_, blocks(2), kNow).fits);
}

TEST_F(RanksTest, ANewOneOfAnOpenAlertMayTakeThePlaceOfItsOldest) {
  captures_.push_back(for_alert(0, 7, hours(0)));
  const auto selection = captures_to_remove(captures_, use_, blocks(2), kNow);
  EXPECT_THAT(kept(captures_, selection), ElementsAre(2, 0));
  EXPECT_TRUE(selection.fits);
  EXPECT_FALSE(captures_to_remove(captures_, use_, blocks(1), kNow).fits);
}

TEST_F(RanksTest, ANewBaselineMakesTheOneBeforeItRedundant) {
  captures_.push_back(baseline(0, hours(0)));
  const auto selection = captures_to_remove(captures_, use_, blocks(7), kNow);
  EXPECT_THAT(selection.remove, UnorderedElementsAre(7, 8));
}

TEST(CaptureBudgetTest, AnAlertRefersToTheNewestBaselineBeforeItOfEachKindOfItsInstance) {
  std::vector<Capture> captures{baseline(1, hours(9)), baseline(2, hours(8)), baseline(3, hours(6)),
                                baseline(4, hours(7)), baseline(5, hours(8), 2)};
  captures[3].kind = CaptureKind::kGoroutine;
  CaptureUse use;
  use.open_alerts = {{7, 1, kNow - hours(7)}};
  const auto selection = captures_to_remove(captures, use, blocks(0), kNow);
  EXPECT_THAT(kept(captures, selection), ElementsAre(2, 4));
}

TEST(CaptureBudgetTest, WhatIsTooOldGoesButNotWhatAnOpenAlertNeeds) {
  const std::vector<Capture> captures{baseline(1, hours(50)),
                                      taken(2, CaptureReason::kManual, hours(49)),
                                      for_alert(3, 7, hours(48)),
                                      for_alert(4, 6, hours(47)),
                                      taken(5, CaptureReason::kManual, hours(24)),
                                      baseline(6, hours(49), 2)};
  CaptureBudget budget;
  budget.max_age = hours(24);
  CaptureUse use;
  use.open_alerts = {{7, 1, kNow - hours(48)}};
  const auto selection = captures_to_remove(captures, use, budget, kNow);
  EXPECT_THAT(kept(captures, selection), ElementsAre(1, 3, 5));
}

// A baseline every ten minutes for two days, thinned as each one comes.
TEST(CaptureBudgetTest, RollingBaselinesAreThinnedToOneForEachDoublingOfAge) {
  constexpr int kTaken = 288;
  std::vector<Capture> captures;
  const WallTime start = kNow - minutes(10 * (kTaken - 1));
  for (int i = 0; i < kTaken; ++i) {
    const WallTime now = start + minutes(10 * i);
    Capture next = baseline(0, milliseconds(0));
    next.time = now;
    captures.push_back(next);
    const auto selection = captures_to_remove(captures, {}, CaptureBudget{}, now);
    const auto stay = kept(captures, selection);
    captures.erase(std::remove_if(captures.begin(), captures.end(),
                                  [&](const Capture& capture) {
                                    return std::find(stay.begin(), stay.end(), capture.id) ==
                                           stay.end();
                                  }),
                   captures.end());
    captures.back().id = i + 1;
  }
  EXPECT_EQ(captures.front().id, 1);
  EXPECT_EQ(captures.back().id, kTaken);
  // 2^8 < 287 < 2^9 steps; between two that are a doubling apart one more may stay.
  EXPECT_GE(captures.size(), 9U);
  EXPECT_LE(captures.size(), 18U);
  for (std::size_t i = 0; i + 2 < captures.size(); ++i) {
    const auto age = (kNow - captures[i].time) / minutes(10);
    const auto age_of_next = (kNow - captures[i + 1].time) / minutes(10);
    EXPECT_LE(age, 2 * age_of_next + 1) << i;  // no hole greater than a doubling
  }
  EXPECT_THAT(captures_to_remove(captures, {}, CaptureBudget{}, kNow).remove, IsEmpty());
}

TEST(CaptureBudgetTest, OtherCapturesAreNotThinned) {
  std::vector<Capture> captures;
  for (int i = 1; i <= 50; ++i) {
    captures.push_back(taken(i, CaptureReason::kManual, minutes(1000 - i)));
  }
  EXPECT_THAT(captures_to_remove(captures, {}, CaptureBudget{}, kNow).remove, IsEmpty());
}

TEST(CaptureBudgetTest, ThinningKeepsWhatAnOpenAlertRefersTo) {
  std::vector<Capture> captures;
  for (int i = 1; i <= 20; ++i) captures.push_back(baseline(i, minutes(10 * (20 - i))));
  CaptureUse use;
  ASSERT_THAT(captures_to_remove(captures, use, CaptureBudget{}, kNow).remove,
              testing::Contains(8));
  use.open_alerts = {{7, 1, captures[7].time + minutes(5)}};
  EXPECT_THAT(captures_to_remove(captures, use, CaptureBudget{}, kNow).remove,
              testing::Not(testing::Contains(8)));
}

TEST(CaptureBudgetTest, AnInstanceHasNoMoreBaselinesThanAllowed) {
  // A doubling apart, so that none is thinned.
  const std::vector<Capture> captures{baseline(1, hours(81)),   baseline(2, hours(27)),
                                      baseline(3, hours(9)),    baseline(4, hours(3)),
                                      baseline(5, hours(1)),    baseline(6, hours(81), 2),
                                      baseline(7, hours(27), 2)};
  CaptureBudget budget;
  budget.max_baselines_per_instance = 3;
  EXPECT_THAT(captures_to_remove(captures, {}, budget, kNow).remove, ElementsAre(2, 3));
  budget.max_baselines_per_instance = 0;
  EXPECT_THAT(kept(captures, captures_to_remove(captures, {}, budget, kNow)),
              ElementsAre(1, 5, 6, 7));
}

TEST(CaptureBudgetTest, ClocksThatWereSetBackRemoveNothing) {
  std::vector<Capture> captures;
  for (int i = 1; i <= 20; ++i) captures.push_back(baseline(i, -hours(1000) - minutes(i)));
  const auto selection = captures_to_remove(captures, {}, CaptureBudget{}, kNow);
  EXPECT_THAT(selection.remove, IsEmpty());
}

TEST(CaptureBudgetTest, SmallFilesCountAsWhatTheyTakeOnTheDisk) {
  std::vector<Capture> captures;
  for (int i = 1; i <= 10; ++i) {
    captures.push_back(taken(i, CaptureReason::kManual, minutes(60 - i)));
    captures.back().bytes = 1;
  }
  EXPECT_THAT(captures_to_remove(captures, {}, blocks(8), kNow).remove, ElementsAre(1, 2));
}

}  // namespace
}  // namespace soakwatch
