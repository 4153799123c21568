// What survives when the writer is killed, or the disk refuses.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "store_fixture.h"

namespace soakwatch {
namespace {

constexpr int kKills = 10;

// Writes without end, and tells each acknowledged row through the pipe.
[[noreturn]] void write_until_killed(const StoreOptions& options, int acknowledged) {
  auto store = SampleStore::open(options);
  if (!store) _exit(2);
  (*store)->on_commit([&](std::int64_t row, std::uint64_t) {
    if (::write(acknowledged, &row, sizeof row) < 0) _exit(3);
  });
  const TargetId target = (*store)->target_id("a", {}, kNow);
  const InstanceId id = (*store)->instance_id(target, process(getpid()), kNow).id;
  for (int i = 0;; ++i) {
    (*store)->add_sample(sample(id, kNow + seconds(i), i));
    (*store)->add_event({kNow, EventKind::kGap, target, id, "x"});
    // Keeps the queue short, so that nothing is dropped and ids have no gaps.
    if (i % 97 == 0 && !(*store)->flush(kFlushTimeout)) _exit(4);
  }
}

class CrashTest : public StoreTest {};

TEST_F(CrashTest, AKillLosesNoAcknowledgedRow) {
  std::int64_t acknowledged = 0;
  for (int round = 0; round < kKills; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      write_until_killed(options_, ends[1]);
    }
    close(ends[1]);
    std::int64_t row = 0;
    for (int i = 0; i < 3 + round * 7; ++i) {
      ASSERT_EQ(read(ends[0], &row, sizeof row), static_cast<ssize_t>(sizeof row));
      acknowledged = row;
    }
    kill(child, SIGKILL);
    while (read(ends[0], &row, sizeof row) == static_cast<ssize_t>(sizeof row)) acknowledged = row;
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;

    ASSERT_GT(acknowledged, 0);
    EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(ask("SELECT count(*) FROM samples WHERE id <= " + std::to_string(acknowledged)),
              std::to_string(acknowledged));
  }
  EXPECT_EQ(open()->startup_notice(), "");
}

TEST_F(CrashTest, ALogThatSomebodyRemovedIsNoticedAndLosesNothing) {
  options_.checkpoint_interval = milliseconds(1);
  const auto store = open();
  const InstanceId id = store->instance_id(store->target_id("a", {}, kNow), process(1), kNow).id;
  const std::filesystem::path wal = options_.database.string() + "-wal";
  std::filesystem::remove(wal);
  std::uint64_t added = 0;
  // Each flush takes its time, so that soon a checkpoint is due.
  while (!std::filesystem::exists(wal)) {
    store->add_sample(sample(id, kNow + seconds(added++), 1));
    ASSERT_TRUE(store->flush(kFlushTimeout));
    ASSERT_LT(added, 10000U);
  }
  store->add_sample(sample(id, kNow + seconds(added++), 1));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(rows().size(), added);
}

TEST_F(CrashTest, ALogThatWasRemovedJustBeforeTheEndLosesNothing) {
  const auto store = open();
  const InstanceId id = store->instance_id(store->target_id("a", {}, kNow), process(1), kNow).id;
  store->add_sample(sample(id, kNow, 1));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  std::filesystem::remove(options_.database.string() + "-wal");
  std::filesystem::remove(options_.database.string() + "-shm");
  store->add_sample(sample(id, kNow + seconds(1), 2));
  EXPECT_TRUE(store->close(kFlushTimeout));
  EXPECT_EQ(store->stats().lost_rows, 0U);
  EXPECT_EQ(rows().size(), 2U);
}

TEST_F(CrashTest, RowsOfADatabaseThatSomebodyRemovedAreNotClaimedAsKept) {
  const auto store = open();
  const InstanceId id = store->instance_id(store->target_id("a", {}, kNow), process(1), kNow).id;
  for (int i = 0; i < 3; ++i) store->add_sample(sample(id, kNow + seconds(i), 1));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(options_.database.string() + suffix);
  }
  const Result<void> closed = store->close(milliseconds(0));
  ASSERT_FALSE(closed);
  EXPECT_NE(closed.error().message.find("the 3 samples"), std::string::npos)
      << closed.error().message;
  EXPECT_EQ(store->stats().lost_rows, 3U);
  EXPECT_FALSE(store->close(milliseconds(0)));
}

TEST_F(CrashTest, ARemovedDatabaseIsReportedAlsoWhereNoSampleWasInIt) {
  const auto store = open();
  store->add_event({kNow, EventKind::kGap, 0, 0, "x"});
  ASSERT_TRUE(store->flush(kFlushTimeout));
  std::filesystem::remove(options_.database);
  const Result<void> closed = store->close(milliseconds(0));
  ASSERT_FALSE(closed);
  EXPECT_NE(closed.error().message.find("removed while in use"), std::string::npos);
}

// Runs in a child process, because the limit is the process's. Returns the number of the check
// that failed, or 0.
int write_against_a_limit(const StoreOptions& options) {
  constexpr rlim_t kLimitBytes = 300 * 1024;
  constexpr int kRows = 5000;  // some 600 KiB
  std::signal(SIGXFSZ, SIG_IGN);
  auto opened = SampleStore::open(options);
  if (!opened) return 1;
  SampleStore& store = **opened;
  const InstanceId id = store.instance_id(store.target_id("a", {}, kNow), process(1), kNow).id;
  if (!store.flush(kFlushTimeout)) return 2;

  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlim_t unlimited = std::exchange(limit.rlim_cur, kLimitBytes);
  setrlimit(RLIMIT_FSIZE, &limit);
  for (int i = 0; i < kRows; ++i) {
    Sample full = sample(id, kNow + seconds(i), i);
    for (const MetricDescriptor& metric : all_metrics()) full.values.set(metric.id, 1e12 + i);
    store.add_sample(full);
  }
  Result<void> flushed;
  while (store.stats().failed_writes == 0) flushed = store.flush(milliseconds(50));
  flushed = store.flush(milliseconds(50));
  if (flushed || flushed.error().kind != ErrorKind::kIo) return 3;
  const StoreStats failing = store.stats();
  if (failing.failed_writes == 0 || failing.last_error.empty()) return 4;
  if (failing.queued_rows == 0 || failing.dropped_samples != 0) return 5;

  limit.rlim_cur = unlimited;
  setrlimit(RLIMIT_FSIZE, &limit);
  if (!store.flush(kFlushTimeout)) return 6;
  const StoreStats healed = store.stats();
  if (!healed.last_error.empty() || healed.committed_samples != kRows) return 7;
  return 0;
}

TEST_F(CrashTest, AFailingDiskDelaysRowsAndLosesNone) {
  const pid_t child = fork();
  if (child == 0) _exit(write_against_a_limit(options_));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(ask("SELECT count(*) || ' ' || count(DISTINCT time_ms) FROM samples"), "5000 5000");
}

}  // namespace
}  // namespace soakwatch
