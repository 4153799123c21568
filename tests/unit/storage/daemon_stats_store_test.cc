#include "model/daemon_stats.h"
#include "store_fixture.h"

namespace soakwatch {
namespace {

class DaemonStatsStoreTest : public StoreTest {};

DaemonStats some_stats(std::int64_t minute) {
  DaemonStats stats;
  stats.time = kNow + std::chrono::minutes(minute);
  stats.pid = 42;
  stats.set(DaemonFigure::kRoundsTotal, static_cast<double>(minute));
  stats.set(DaemonFigure::kRoundP50Seconds, 0.25);
  return stats;
}

TEST_F(DaemonStatsStoreTest, ReadsTheNewestAsItWasWritten) {
  const auto store = open();
  EXPECT_EQ(reader().daemon_stats().value(), std::nullopt);
  store->add_daemon_stats(some_stats(1));
  // The wall clock was set back: the newest is what came last.
  store->add_daemon_stats(some_stats(0));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  const auto stats = reader().daemon_stats().value();
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->time, kNow);
  EXPECT_EQ(stats->pid, 42);
  EXPECT_EQ(stats->get(DaemonFigure::kRoundsTotal), 0.0);
  EXPECT_EQ(stats->get(DaemonFigure::kRoundP50Seconds), 0.25);
  EXPECT_EQ(stats->get(DaemonFigure::kWalBytes), std::nullopt);  // missing, and not 0
}

TEST_F(DaemonStatsStoreTest, KeepsABoundedNumberOfRows) {
  const auto store = open();
  constexpr int kRows = 20160;
  for (int i = 0; i < kRows + 50; ++i) store->add_daemon_stats(some_stats(i));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(ask("SELECT count(*) || ' ' || min(rounds_total) FROM daemon_stats"), "20160 50");
}

TEST_F(DaemonStatsStoreTest, GoesOnCountingAfterARestart) {
  open()->add_daemon_stats(some_stats(1));
  open()->add_daemon_stats(some_stats(2));
  EXPECT_EQ(ask("SELECT group_concat(id || ':' || rounds_total, ' ') FROM daemon_stats"),
            "1:1 2:2");
}

TEST_F(DaemonStatsStoreTest, AWindowCoversTheTimeSinceTheOneBefore) {
  const auto store = open();
  const TargetId target = store->target_id("sidecar", name_spec("sidecar"), kNow);
  const InstanceId instance = store->instance_id(target, process(7), kNow).id;
  store->add_sample(sample(instance, kNow, 1));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  const StoreWindow first = store->take_window();
  EXPECT_GE(first.commits.count(), 1U);
  EXPECT_GE(first.max_queued_rows, 1U);
  const StoreWindow second = store->take_window();
  EXPECT_EQ(second.commits.count(), 0U);
  EXPECT_EQ(second.max_queued_rows, 0U);
}

}  // namespace
}  // namespace soakwatch
