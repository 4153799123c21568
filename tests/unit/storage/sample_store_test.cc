#include "storage/sample_store.h"

#include <cmath>
#include <future>
#include <limits>

#include "store_fixture.h"

namespace soakwatch {
namespace {

using SampleStoreTest = StoreTest;

TEST_F(SampleStoreTest, GivesTheSameIdForTheSameTargetAlsoAfterARestart) {
  TargetId first = 0;
  {
    const auto store = open();
    first = store->target_id("a", name_spec("a"), kNow);
    EXPECT_EQ(store->target_id("a", name_spec("a"), kNow), first);
    EXPECT_NE(store->target_id("b", name_spec("b"), kNow), first);
  }
  EXPECT_EQ(open()->target_id("a", name_spec("other"), kNow + seconds(5)), first);
  const auto targets = reader().targets().value();
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[0].spec, "name:other");
  EXPECT_EQ(targets[0].created, kNow);
}

TEST_F(SampleStoreTest, LeavesTheSpecOfAKnownTargetAlone) {
  const TargetId id = open()->target_id("a", name_spec("sidecar"), kNow);
  const auto store = open();
  EXPECT_EQ(store->known_target("a"), id);
  EXPECT_FALSE(store->known_target("b"));
  ASSERT_TRUE(store->close(kFlushTimeout));
  EXPECT_EQ(reader().targets().value().at(0).spec, "name:sidecar");
}

TEST_F(SampleStoreTest, KnowsAnInstanceAgainAndTellsARestart) {
  InstanceId id = 0;
  {
    const auto store = open();
    const TargetId target = store->target_id("a", {}, kNow);
    EXPECT_FALSE(store->has_instances(target));
    const auto handle = store->instance_id(target, process(7), kNow);
    EXPECT_FALSE(handle.known);
    EXPECT_TRUE(store->has_instances(target));
    id = handle.id;
  }
  const auto store = open();
  const TargetId target = store->target_id("a", {}, kNow);
  EXPECT_TRUE(store->has_instances(target));
  EXPECT_EQ(store->instance_id(target, process(7), kNow).id, id);
  EXPECT_TRUE(store->instance_id(target, process(7), kNow).known);
  EXPECT_FALSE(store->instance_id(target, process(7, 101), kNow).known);  // the pid used again
  ProcessInfo other_boot = process(7);
  other_boot.id.boot_id = "boot-2";
  EXPECT_FALSE(store->instance_id(target, other_boot, kNow).known);
}

TEST_F(SampleStoreTest, StoresAnInstanceWithItsEnd) {
  ProcessInfo info = process(7);
  info.gogc_off = true;
  info.gomemlimit_bytes = 1e9;
  info.limits = {1024.0, 2e9, std::nullopt};
  info.cmdline = "x\x1b[31m\xff";
  {
    const auto store = open();
    const TargetId target = store->target_id("a", {}, kNow);
    const InstanceId id = store->instance_id(target, info, kNow).id;
    store->end_instance({id, kNow + seconds(3), "process ended"});
  }
  const auto rows = reader().instances().value();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].process.id, info.id);
  EXPECT_EQ(rows[0].process.cmdline, info.cmdline);
  EXPECT_TRUE(rows[0].process.gogc_off);
  EXPECT_FALSE(rows[0].process.gogc_percent);
  EXPECT_EQ(rows[0].process.gomemlimit_bytes, 1e9);
  EXPECT_EQ(rows[0].process.limits.open_files, 1024.0);
  EXPECT_EQ(rows[0].process.limits.memory_bytes, 2e9);
  EXPECT_EQ(rows[0].process.limits.tasks, std::nullopt);
  EXPECT_EQ(rows[0].ended, kNow + seconds(3));
  EXPECT_EQ(rows[0].end_reason, "process ended");
}

TEST_F(SampleStoreTest, AnInstanceThatIsSeenAgainHasNotEnded) {
  const auto store = open();
  const TargetId target = store->target_id("a", {}, kNow);
  const InstanceId id = store->instance_id(target, process(7), kNow).id;
  store->end_instance({id, kNow, "lost"});
  store->instance_id(target, process(7), kNow + seconds(1));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  const auto rows = reader().instances().value();
  EXPECT_FALSE(rows.at(0).ended);
  EXPECT_EQ(rows.at(0).first_seen, kNow);
}

TEST_F(SampleStoreTest, StoresEveryMetricAndLeavesMissingOnesNull) {
  Sample all = sample(1, kNow, 0);
  for (const MetricDescriptor& metric : all_metrics()) {
    all.values.set(metric.id, is_integral(metric.id) ? 9007199254740993.0 : 0.1);
  }
  const Sample one = sample(1, kNow + seconds(1), 0);  // a measured zero
  {
    const auto store = open();
    store->instance_id(store->target_id("a", {}, kNow), process(7), kNow);
    store->add_sample(all);
    store->add_sample(one);
  }
  const auto stored = rows();
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0].sample.values, all.values);
  EXPECT_EQ(stored[0].sample.time, all.time);
  EXPECT_EQ(stored[0].sample.monotonic, all.monotonic);
  EXPECT_EQ(stored[1].sample.values, one.values);
  EXPECT_EQ(ask("SELECT rss_bytes FROM samples WHERE id = 2"), "0");
  EXPECT_EQ(ask("SELECT goroutines IS NULL FROM samples WHERE id = 2"), "1");
}

TEST_F(SampleStoreTest, StoresWhatNoColumnCanHoldAsMissing) {
  Sample odd = sample(1, kNow, 1e19);
  odd.values.set(Metric::kOpenFds, std::numeric_limits<double>::quiet_NaN());
  odd.values.set(Metric::kCpuSecondsTotal, std::numeric_limits<double>::infinity());
  odd.values.set(Metric::kThreads, 4);
  {
    const auto store = open();
    store->instance_id(store->target_id("a", {}, kNow), process(7), kNow);
    store->add_sample(odd);
  }
  const auto stored = rows();
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].sample.values.count(), 1U);
  EXPECT_EQ(stored[0].sample.values.get(Metric::kThreads), 4);
}

TEST_F(SampleStoreTest, TellsTheListenerWhatIsSafe) {
  const auto store = open();
  std::atomic<std::int64_t> newest = 0;
  std::atomic<std::uint64_t> committed = 0;
  store->on_commit([&](std::int64_t row, std::uint64_t count) {
    newest = row;
    committed = count;
  });
  for (int i = 0; i < 10; ++i) store->add_sample(sample(1, kNow + seconds(i), i));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(newest, 10);
  EXPECT_EQ(committed, 10U);
  EXPECT_EQ(ask("SELECT max(id) FROM samples"), "10");
  EXPECT_EQ(store->stats().committed_samples, 10U);
  EXPECT_EQ(store->stats().queued_rows, 0U);
  EXPECT_EQ(store->stats().last_error, "");
}

TEST_F(SampleStoreTest, WritesTheFirstSampleAtOnceAndTheRestOfTheRoundTogether) {
  options_.batch_linger = std::chrono::hours(1);  // flush() ends it
  const auto store = open();
  std::promise<void> first;
  store->on_commit([&](std::int64_t, std::uint64_t committed) {
    if (committed == 1) first.set_value();
  });
  store->add_sample(sample(1, kNow, 0));
  ASSERT_EQ(first.get_future().wait_for(kFlushTimeout), std::future_status::ready);
  for (int i = 1; i < 100; ++i) store->add_sample(sample(1, kNow + seconds(i), i));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(store->stats().committed_samples, 100U);
  EXPECT_EQ(store->stats().committed_batches, 2U);
}

TEST_F(SampleStoreTest, WaitsOutALockAndLosesNothing) {
  const auto store = open();
  store->instance_id(store->target_id("a", {}, kNow), process(7), kNow);
  ASSERT_TRUE(store->flush(kFlushTimeout));
  {
    SQLite::Database person(options_.database.string(), SQLite::OPEN_READWRITE);
    person.exec("BEGIN IMMEDIATE");
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(store->add_sample(sample(1, kNow + seconds(i), i)));
    Result<void> flushed;
    while (store->stats().failed_writes == 0) flushed = store->flush(milliseconds(50));
    flushed = store->flush(milliseconds(1));
    ASSERT_FALSE(flushed);
    EXPECT_NE(flushed.error().message.find("locked"), std::string::npos);
    person.exec("ROLLBACK");
  }
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(store->stats().last_error, "");
  EXPECT_EQ(rows().size(), 50U);
}

TEST_F(SampleStoreTest, CloseTellsWhatCouldNotBeWritten) {
  const auto store = open();
  ASSERT_TRUE(store->flush(kFlushTimeout));
  SQLite::Database person(options_.database.string(), SQLite::OPEN_READWRITE);
  person.exec("BEGIN IMMEDIATE");
  for (int i = 0; i < 7; ++i) store->add_sample(sample(1, kNow + seconds(i), i));
  const Result<void> closed = store->close(milliseconds(0));
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().kind, ErrorKind::kIo);
  EXPECT_NE(closed.error().message.find("7 rows could not be written: "), std::string::npos);
  EXPECT_NE(closed.error().message.find("locked"), std::string::npos);
  EXPECT_EQ(store->stats().lost_rows, 7U);
}

TEST_F(SampleStoreTest, CloseTriesAgainWhileItsPatienceLasts) {
  const auto store = open();
  ASSERT_TRUE(store->flush(kFlushTimeout));
  SQLite::Database person(options_.database.string(), SQLite::OPEN_READWRITE);
  person.exec("BEGIN IMMEDIATE");
  store->add_sample(sample(1, kNow, 1));
  auto closed = std::async(std::launch::async, [&] { return store->close(kFlushTimeout); });
  while (store->stats().failed_writes < 2) std::this_thread::yield();
  person.exec("ROLLBACK");
  EXPECT_TRUE(closed.get());
  EXPECT_EQ(ask("SELECT count(*) FROM samples"), "1");
  EXPECT_EQ(store->stats().lost_rows, 0U);
}

TEST_F(SampleStoreTest, DropsTheOldestWhenTheQueueIsFullAndCounts) {
  options_.queue_limit_rows = 10;
  const auto store = open();
  store->instance_id(store->target_id("a", {}, kNow), process(7), kNow);
  ASSERT_TRUE(store->flush(kFlushTimeout));
  {
    SQLite::Database person(options_.database.string(), SQLite::OPEN_READWRITE);
    person.exec("BEGIN IMMEDIATE");
    int kept = 0;
    for (int i = 1; i <= 100; ++i) kept += store->add_sample(sample(1, kNow + seconds(i), i));
    EXPECT_LT(kept, 100);
    store->add_event({kNow, EventKind::kGap, 0, 0, "still here"});
    person.exec("ROLLBACK");
  }
  ASSERT_TRUE(store->flush(kFlushTimeout));
  const StoreStats stats = store->stats();
  EXPECT_GE(stats.dropped_samples, 80U);
  EXPECT_EQ(stats.committed_samples + stats.dropped_samples, 100U);
  EXPECT_EQ(rows().back().sample.values.get(Metric::kRssBytes), 100);
  EXPECT_EQ(ask("SELECT detail FROM events"), "still here");
}

TEST_F(SampleStoreTest, FlushGivesUpInTime) {
  std::promise<void> entered;
  std::promise<void> release;
  const auto store = open();  // ends first: its thread may still wake up
  store->on_commit([&, first = true](std::int64_t, std::uint64_t) mutable {
    if (!std::exchange(first, false)) return;
    entered.set_value();
    release.get_future().wait();
  });
  store->add_sample(sample(1, kNow, 1));
  entered.get_future().wait();
  store->add_sample(sample(1, kNow, 2));
  const Result<void> flushed = store->flush(milliseconds(1));
  release.set_value();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().kind, ErrorKind::kTimeout);
}

TEST_F(SampleStoreTest, TakesWorkFromManyThreads) {
  const auto store = open();
  const TargetId target = store->target_id("a", {}, kNow);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&store, target, t] {
      const InstanceId id = store->instance_id(target, process(t + 1), kNow).id;
      for (int i = 0; i < 250; ++i) store->add_sample(sample(id, kNow + seconds(i), i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(rows().size(), 1000U);
  EXPECT_EQ(reader().instances(target).value().size(), 4U);
}

TEST_F(SampleStoreTest, StoresEventsInOrder) {
  {
    const auto store = open();
    const TargetId target = store->target_id("a", {}, kNow);
    store->add_event({kNow, EventKind::kDaemonStarted, 0, 0, "version 1"});
    store->add_event({kNow + seconds(1), EventKind::kInstanceStarted, target, 3, "pid 7"});
    store->add_event({kNow + seconds(2), EventKind::kGap, target, 0, "slept 2h"});
  }
  SampleReader r = reader();
  const auto all = r.events(std::nullopt, std::nullopt, 100).value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].kind, EventKind::kDaemonStarted);
  EXPECT_EQ(all[0].target, 0);
  EXPECT_EQ(all[1].instance, 3);
  EXPECT_EQ(all[2].detail, "slept 2h");
  EXPECT_EQ(r.events(1, std::nullopt, 100).value().size(), 2U);
  EXPECT_EQ(r.events(0, std::nullopt, 100).value().size(), 1U);
  EXPECT_EQ(r.events(1, kNow + seconds(2), 100).value().size(), 1U);
  EXPECT_EQ(r.events(std::nullopt, std::nullopt, 1).value().at(0).kind, EventKind::kGap);
}

}  // namespace
}  // namespace soakwatch
