// Captures stored, found again, and kept within their budget.
#include "storage/capture_store.h"

#include <thread>

#include "capture_fixture.h"

namespace soakwatch {
namespace {

TEST_F(CaptureStoreTest, ACaptureComesBackWithItsFile) {
  start();
  EXPECT_FALSE(std::filesystem::exists(folder()));  // no litter before the first one
  Capture capture = taken(CaptureReason::kFiring, kNow);
  capture.alert = open_alert(kNow);
  const Capture added = captures_->add(capture, "profile", "pb.gz").value();
  EXPECT_EQ(added.file, "sidecar-heap-firing-20261120T084000Z-1.pb.gz");
  EXPECT_EQ(added.bytes, 7);
  restart();
  const auto all = stored();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].id, added.id);
  EXPECT_EQ(all[0].target, target_);
  EXPECT_EQ(all[0].instance, instance_);
  EXPECT_EQ(all[0].kind, CaptureKind::kHeap);
  EXPECT_EQ(all[0].reason, CaptureReason::kFiring);
  EXPECT_EQ(all[0].time, kNow);
  EXPECT_EQ(all[0].alert, capture.alert);
  EXPECT_EQ(all[0].file, added.file);
  EXPECT_EQ(all[0].bytes, 7);
  EXPECT_EQ(read(all[0]), "profile");
  EXPECT_EQ(reader().capture(added.id).value()->file, added.file);
  EXPECT_FALSE(reader().capture(99).value());
  EXPECT_EQ(captures_->stats().captures, 1U);
  EXPECT_EQ(captures_->stats().bytes, kBlock);
}

TEST_F(CaptureStoreTest, AQueryNamesWhatItWantsAndGetsTheNewestFirst) {
  start();
  const TargetId other = store_->target_id("other", {}, kNow);
  Capture capture = taken(CaptureReason::kManual, kNow);
  const CaptureId first = add(capture).value().id;
  capture.time += minutes(1);
  capture.kind = CaptureKind::kGoroutine;
  const CaptureId second = add(capture).value().id;
  capture.time += minutes(1);
  capture.target = other;
  capture.instance = 0;
  capture.alert = open_alert(kNow);
  const CaptureId third = add(capture).value().id;
  const auto ids = [&](const CaptureQuery& query) {
    std::vector<CaptureId> found;
    for (const Capture& c : stored(query)) found.push_back(c.id);
    return found;
  };
  const auto with = [](auto member, auto value) {
    CaptureQuery query;
    query.*member = value;
    return query;
  };
  using Ids = std::vector<CaptureId>;
  EXPECT_EQ(ids({}), (Ids{third, second, first}));
  EXPECT_EQ(ids(with(&CaptureQuery::target, "sidecar")), (Ids{second, first}));
  EXPECT_EQ(ids(with(&CaptureQuery::instance, instance_)), (Ids{second, first}));
  EXPECT_EQ(ids(with(&CaptureQuery::kind, CaptureKind::kGoroutine)), (Ids{third, second}));
  EXPECT_EQ(ids(with(&CaptureQuery::alert, *capture.alert)), (Ids{third}));
  EXPECT_EQ(ids(with(&CaptureQuery::since, kNow + minutes(1))), (Ids{third, second}));
  EXPECT_EQ(ids(with(&CaptureQuery::until, kNow + minutes(1))), (Ids{first}));
  EXPECT_EQ(ids(with(&CaptureQuery::limit_rows, 2U)), (Ids{third, second}));
  const auto nobody = reader().captures(with(&CaptureQuery::target, "sidecra"));
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().kind, ErrorKind::kNotFound);
}

TEST_F(CaptureStoreTest, WhatCannotBeStoredSaysWhy) {
  start();
  const Capture capture = taken(CaptureReason::kManual, kNow);
  EXPECT_EQ(captures_->add(capture, "", "pb.gz").error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(captures_->add(capture, "x", "../sh").error().kind, ErrorKind::kInvalid);
  for (const WallTime time : {WallTime::min(), WallTime::max(), WallTime(milliseconds(-1))}) {
    EXPECT_EQ(add(taken(CaptureReason::kManual, time)).error().kind, ErrorKind::kInvalid);
  }
  Capture stranger = capture;
  stranger.target = 99;
  EXPECT_EQ(add(stranger).error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(stored().empty());
  EXPECT_FALSE(std::filesystem::exists(folder()));
}

TEST_F(CaptureStoreTest, ATargetWithAHostileNameStaysInTheFolder) {
  start();
  Capture capture = taken(CaptureReason::kManual, kNow);
  capture.target = store_->target_id("../../\n$(rm -rf ~)", {}, kNow);
  const Capture added = add(capture).value();
  EXPECT_EQ(files(), std::set<std::string>{added.file});
  EXPECT_EQ(read(added), "content");
}

TEST_F(CaptureStoreTest, OverTheBudgetTheOldestRedundantGoesWithFileAndRow) {
  capture_options_.budget.max_bytes = 3 * kBlock;
  start();
  const Capture manual = add(taken(CaptureReason::kManual, kNow)).value();
  Capture baseline = taken(CaptureReason::kBaseline, kNow);
  std::vector<Capture> baselines;
  for (int i = 0; i < 3; ++i) {
    baseline.time = kNow + i * minutes(10);
    baselines.push_back(add(baseline).value());
  }
  // The middle one is redundant, and goes before the older manual one.
  EXPECT_EQ(stored_ids(), (std::set{manual.id, baselines[0].id, baselines[2].id}));
  EXPECT_EQ(files(), (std::set{manual.file, baselines[0].file, baselines[2].file}));
  EXPECT_EQ(captures_->stats().bytes, 3 * kBlock);
  restart();
  EXPECT_EQ(captures_->stats().captures, 3U);
  EXPECT_GT(add(baseline).value().id, baselines[2].id);
}

TEST_F(CaptureStoreTest, WhatAnOpenAlertNeedsStaysAndANewOneIsRefused) {
  capture_options_.budget.max_bytes = 2 * kBlock;
  start();
  const Capture baseline = add(taken(CaptureReason::kBaseline, kNow)).value();
  // Its row is still queued when the next capture comes.
  Capture firing = taken(CaptureReason::kFiring, kNow + minutes(20));
  firing.alert = open_alert(kNow + minutes(1));
  const Capture evidence = add(firing).value();
  const auto refused = add(taken(CaptureReason::kManual, kNow + minutes(30)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(refused.error().message,
            "no room for a heap capture of 7 B: open alerts need what is in the 8.0 KiB");
  EXPECT_EQ(stored_ids(), (std::set{baseline.id, evidence.id}));
  EXPECT_EQ(files(), (std::set{baseline.file, evidence.file}));

  Alert resolved = *reader().alert(*firing.alert).value();
  resolved.state = AlertState::kResolved;
  store_->add_alert_transition({resolved, AlertState::kFiring, kNow, ""});
  const Capture manual = add(taken(CaptureReason::kManual, kNow + minutes(40))).value();
  EXPECT_EQ(stored_ids(), (std::set{baseline.id, manual.id}));
}

TEST_F(CaptureStoreTest, WhatIsOfAnEndedInstanceGoesBeforeWhatRuns) {
  capture_options_.budget.max_bytes = 2 * kBlock;
  start();
  const Capture running = add(taken(CaptureReason::kBaseline, kNow)).value();
  Capture ended = taken(CaptureReason::kBaseline, kNow + minutes(1));
  ended.instance = store_->instance_id(target_, process(2), kNow).id;
  ASSERT_TRUE(add(ended));
  store_->end_instance({ended.instance, kNow, "exited"});
  const Capture next = add(taken(CaptureReason::kBaseline, kNow + minutes(2))).value();
  EXPECT_EQ(stored_ids(), (std::set{running.id, next.id}));
}

TEST_F(CaptureStoreTest, ACaptureLargerThanTheBudgetIsRefused) {
  capture_options_.budget.max_bytes = 2 * kBlock;
  start();
  const Capture old = add(taken(CaptureReason::kManual, kNow)).value();
  const auto refused = add(taken(CaptureReason::kManual, kNow), std::string(2 * kBlock + 1, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(stored_ids(), std::set{old.id});
}

TEST_F(CaptureStoreTest, WithTooLittleFreeSpaceNothingChanges) {
  capture_options_.budget.max_bytes = kBlock;
  start();
  const Capture old = add(taken(CaptureReason::kManual, kNow)).value();
  capture_options_.min_free_bytes = std::int64_t{1} << 62;
  restart();
  const auto refused = add(taken(CaptureReason::kManual, kNow));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(stored_ids(), std::set{old.id});
  EXPECT_EQ(files(), std::set{old.file});
}

// Its time is that of a clock that may have jumped.
TEST_F(CaptureStoreTest, WhatGoesForANewCaptureIsToldByTheTimeThatIsSure) {
  capture_options_.now = [] { return kNow + minutes(1); };
  start();
  const Capture old = add(taken(CaptureReason::kManual, kNow)).value();
  const Capture next = add(taken(CaptureReason::kManual, kNow + hours(24 * 365))).value();
  EXPECT_EQ(stored_ids(), (std::set{old.id, next.id}));
  capture_options_.now = nullptr;
  restart();
  const Capture last = add(taken(CaptureReason::kManual, kNow + hours(24 * 365))).value();
  EXPECT_EQ(stored_ids(), (std::set{next.id, last.id}));
}

TEST_F(CaptureStoreTest, TidyRemovesWhatHasBecomeTooOld) {
  start();
  ASSERT_TRUE(add(taken(CaptureReason::kManual, kNow)));
  const Capture young = add(taken(CaptureReason::kManual, kNow + hours(24))).value();
  EXPECT_EQ(captures_->tidy(kNow + hours(14 * 24)).value(), 0U);
  EXPECT_EQ(captures_->tidy(kNow + hours(14 * 24) + seconds(1)).value(), 1U);
  EXPECT_EQ(stored_ids(), std::set{young.id});
  EXPECT_EQ(files(), std::set{young.file});
}

TEST_F(CaptureStoreTest, AnIdIsNotGivenTwiceWithinARun) {
  start();
  std::set<CaptureId> ids;
  for (int i = 0; i < 10; ++i) {
    ids.insert(add(taken(CaptureReason::kBaseline, kNow + minutes(i))).value().id);
  }
  EXPECT_EQ(ids.size(), 10U);
}

TEST_F(CaptureStoreTest, SeveralThreadsMayAdd) {
  capture_options_.budget.max_bytes = 10 * kBlock;
  start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(add(taken(CaptureReason::kManual, kNow + minutes(10 * i + t))));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stored().size(), 10U);
  EXPECT_EQ(files().size(), 10U);
  EXPECT_EQ(store_->stats().rejected_rows, 0U);
}

}  // namespace
}  // namespace soakwatch
