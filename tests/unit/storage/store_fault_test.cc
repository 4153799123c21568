// The store while its disk fails, its file is broken, or a reader does not end: what waits, what is
// written, and the exact number of rows afterwards.
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "fault_vfs.h"
#include "storage/capture_folder.h"
#include "store_fixture.h"

namespace soakwatch {
namespace {

// Every metric: some 300 bytes.
Sample full_sample(InstanceId instance, WallTime time, double value) {
  Sample s = sample(instance, time, value);
  for (const MetricDescriptor& metric : all_metrics()) s.values.set(metric.id, 1e12 + value);
  return s;
}

AlertTransition firing(AlertId id, TargetId target, InstanceId instance, WallTime time) {
  AlertTransition change;
  change.alert.id = id;
  change.alert.target = target;
  change.alert.instance = instance;
  change.alert.state = AlertState::kFiring;
  change.alert.finding.detector = "goroutine_growth";
  change.time = time;
  return change;
}

class StoreFaultTest : public StoreTest {
 protected:
  ~StoreFaultTest() override { disk_.heal(); }
  InstanceId begin(SampleStore& store) {
    return store.instance_id(store.target_id("a", name_spec("a"), kNow), process(7), kNow).id;
  }
  std::vector<std::string> corrupt_files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      const std::string name = entry.path().filename();
      if (name.find(".corrupt-") != std::string::npos) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  FaultVfs& disk_ = FaultVfs::install();
};

TEST_F(StoreFaultTest, BelowTheFloorSamplesWaitAndAlertsAreWritten) {
  std::atomic<std::int64_t> free = 1000;
  options_.space.min_free_bytes = 100;
  options_.space.measure = [&](const std::filesystem::path&) -> Result<FileSystemSpace> {
    return FileSystemSpace{free, 1000000};
  };
  options_.queue_limit_rows = 500;
  const auto store = open();
  const InstanceId id = begin(*store);
  store->add_sample(sample(id, kNow, 1));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  free = 99;
  // An hour of rounds of 5 s.
  constexpr int kRounds = 720;
  for (int i = 1; i <= kRounds; ++i) store->add_sample(sample(id, kNow + seconds(5 * i), i));
  store->add_alert_transition(firing(store->next_alert_id(), 1, id, kNow + seconds(3600)));
  ASSERT_TRUE(within_deadline([&] { return ask("SELECT count(*) FROM alert_history") == "1"; }));
  EXPECT_EQ(ask("SELECT count(*) FROM samples"), "1");
  EXPECT_NE(store->stats().last_error.find("free, less than"), std::string::npos);
  free = 110;  // not enough to begin again: an eighth more than the floor
  EXPECT_FALSE(store->flush(milliseconds(50)));
  EXPECT_EQ(ask("SELECT count(*) FROM samples"), "1");
  free = 1000;
  ASSERT_TRUE(within_deadline([&] { return ask("SELECT count(*) FROM events") == "1"; }));
  const StoreStats stats = store->stats();
  EXPECT_EQ(stats.committed_samples, 501U);
  EXPECT_EQ(stats.dropped_samples, 220U);
  EXPECT_EQ(stats.last_error, "");
  EXPECT_EQ(rows().size(), 501U);
  EXPECT_EQ(ask("SELECT kind FROM events"), "gap");
  const std::string detail = ask("SELECT detail FROM events");
  EXPECT_EQ(detail.find("220 samples of 2026-11-20T08:40:05Z to 2026-11-20T08:58:20Z were lost: "),
            0U)
      << detail;
}

TEST_F(StoreFaultTest, AShortTroubleIsToldOfAndLosesNothing) {
  std::atomic<std::int64_t> free = 0;
  options_.space.min_free_bytes = 100;
  options_.space.measure = [&](const std::filesystem::path&) -> Result<FileSystemSpace> {
    return FileSystemSpace{free, 1000000};
  };
  const auto store = open();
  const InstanceId id = begin(*store);
  for (int i = 0; i < 10; ++i) store->add_sample(sample(id, kNow + seconds(i), i));
  // Where the writer has not looked yet, there was no trouble.
  ASSERT_TRUE(within_deadline([&] { return !store->stats().last_error.empty(); }));
  EXPECT_FALSE(store->flush(milliseconds(50)));
  free = 1000;
  ASSERT_TRUE(within_deadline([&] { return ask("SELECT count(*) FROM events") == "1"; }));
  EXPECT_EQ(ask("SELECT kind FROM events"), "store_held_up");
  EXPECT_EQ(rows().size(), 10U);
}

TEST_F(StoreFaultTest, AtTheEndWhatWaitsIsWrittenBelowTheFloor) {
  options_.space.min_free_bytes = 100;
  options_.space.measure = [](const std::filesystem::path&) -> Result<FileSystemSpace> {
    return FileSystemSpace{0, 1000000};
  };
  const auto store = open();
  const InstanceId id = begin(*store);
  for (int i = 0; i < 10; ++i) store->add_sample(sample(id, kNow + seconds(i), i));
  EXPECT_TRUE(store->close(kFlushTimeout));
  EXPECT_EQ(rows().size(), 10U);
}

TEST_F(StoreFaultTest, AnErrorOfTheDiskDelaysRowsAndMovesNothing) {
  const auto store = open();
  const InstanceId id = begin(*store);
  ASSERT_TRUE(store->flush(kFlushTimeout));
  std::atomic<int> failures = 0;
  disk_.fail([&](FaultVfs::Call call, const std::string& file) {
    const bool hit = call == FaultVfs::Call::kWrite && file.ends_with("-wal");
    failures += hit ? 1 : 0;
    return hit ? SQLITE_IOERR_WRITE : SQLITE_OK;
  });
  for (int i = 0; i < 100; ++i) store->add_sample(sample(id, kNow + seconds(i), i));
  ASSERT_TRUE(within_deadline([&] { return failures >= 50; }));
  disk_.heal();
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(rows().size(), 100U);
  EXPECT_EQ(store->stats().replaced_files, 0U);
  EXPECT_TRUE(corrupt_files().empty());
}

TEST_F(StoreFaultTest, OneAnswerThatTheFileIsBrokenIsNotBelieved) {
  const auto store = open();
  const InstanceId id = begin(*store);
  ASSERT_TRUE(store->flush(kFlushTimeout));
  std::atomic<int> left = 2;
  disk_.fail([&](FaultVfs::Call call, const std::string& file) {
    const bool hit = call == FaultVfs::Call::kWrite && file.ends_with("-wal") && left-- > 0;
    return hit ? SQLITE_CORRUPT : SQLITE_OK;
  });
  store->add_sample(sample(id, kNow, 1));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_LE(left, 0);
  EXPECT_EQ(store->stats().failed_writes, 2U);
  EXPECT_EQ(rows().size(), 1U);
  EXPECT_TRUE(corrupt_files().empty());
}

// quick_check calls a page broken that the disk does not give.
TEST_F(StoreFaultTest, APageThatCannotBeReadWhileTheFileIsCheckedIsNotBroken) {
  const auto store = open();
  const InstanceId id = begin(*store);
  for (int i = 0; i < 200; ++i) store->add_sample(sample(id, kNow + seconds(i), i));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  std::atomic<int> refused_writes = 0;
  std::atomic<int> refused_reads = 0;
  disk_.fail([&](FaultVfs::Call call, const std::string& file) {
    if (call == FaultVfs::Call::kWrite && file.ends_with("-wal") && refused_writes++ == 0)
      return SQLITE_IOERR_WRITE;
    // The pages of the tables, of which the check reads all: one in three.
    static thread_local int reads = 0;
    if (call == FaultVfs::Call::kRead && file.ends_with("soak.db") && ++reads % 3 == 0 &&
        refused_reads < 5) {
      ++refused_reads;
      return SQLITE_IOERR_READ;
    }
    return SQLITE_OK;
  });
  store->add_sample(sample(id, kNow + seconds(200), 1));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(refused_reads, 5);
  EXPECT_EQ(rows().size(), 201U);
  EXPECT_TRUE(corrupt_files().empty());
}

TEST_F(StoreFaultTest, APageThatCanNeverBeReadDoesNotKeepTheDaemonFromStarting) {
  {
    auto store = open();
    const InstanceId id = begin(*store);
    for (int i = 0; i < 500; ++i) store->add_sample(full_sample(id, kNow + seconds(i), i));
    ASSERT_TRUE(store->close(kFlushTimeout));
  }
  // What an unclean stop leaves, for which the file is checked; SQLite sees nothing in it.
  write_text(options_.database.string() + "-journal", std::string(1, '\0'));
  constexpr int kFirstOfTheCheck = 20;  // reads of a connection before it: fewer
  std::atomic<int> reads = 0;
  disk_.fail([&](FaultVfs::Call call, const std::string& file) {
    if (!file.ends_with("soak.db")) return SQLITE_OK;
    if (call == FaultVfs::Call::kOpen) reads = 0;
    if (call != FaultVfs::Call::kRead) return SQLITE_OK;
    return ++reads == kFirstOfTheCheck ? SQLITE_IOERR_READ : SQLITE_OK;
  });
  auto store = SampleStore::open(options_);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_NE((*store)->startup_notice().find("unable to get the page"), std::string::npos);
  EXPECT_EQ(corrupt_files().empty(), false);
}

// What was begun of a new file is gone on with, not moved aside in its turn.
TEST_F(StoreFaultTest, ANewFileThatTheDiskRefusesLeavesNoTrail) {
  const auto store = open();
  const InstanceId id = begin(*store);
  ASSERT_TRUE(store->flush(kFlushTimeout));
  std::atomic<int> refused = 0;
  disk_.fail([&](FaultVfs::Call call, const std::string& file) {
    if (call != FaultVfs::Call::kWrite) return SQLITE_OK;
    if (file.ends_with("soak.db-wal") && corrupt_files().empty()) return SQLITE_CORRUPT;
    const bool hit = file.ends_with("soak.db-wal") && refused < 10;
    refused += hit ? 1 : 0;
    return hit ? SQLITE_IOERR_WRITE : SQLITE_OK;
  });
  store->add_sample(sample(id, kNow, 1));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(refused, 10);
  EXPECT_EQ(rows().size(), 1U);
  EXPECT_EQ(store->stats().replaced_files, 1U);
  EXPECT_NE(store->stats().replacement.find(" was broken ("), std::string::npos);
  EXPECT_EQ(corrupt_files().size(), 1U);
  for (const auto& file : std::filesystem::directory_iterator(folder_.path()))
    EXPECT_EQ(file.path().string().find("displaced"), std::string::npos) << file.path();
}

TEST_F(StoreFaultTest, ABrokenFileIsMovedAsideAndTheNewOneKnowsWhatIsOpen) {
  const auto store = open();
  const TargetId target = store->target_id("a", name_spec("a"), kNow);
  const InstanceId ended = store->instance_id(target, process(6), kNow).id;
  store->end_instance({ended, kNow, "ended"});
  const InstanceId id = store->instance_id(target, process(7), kNow).id;
  const AlertId alert = store->next_alert_id();
  store->add_alert_transition(firing(alert, target, id, kNow));
  for (int i = 0; i < 10; ++i) store->add_sample(sample(id, kNow + seconds(i), i));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  std::filesystem::create_directory(captures_folder(options_.database));
  disk_.fail([&](FaultVfs::Call call, const std::string& file) {
    // The file under its first name; once it is moved aside, all is well.
    if (call == FaultVfs::Call::kWrite && file.ends_with("soak.db-wal") && corrupt_files().empty())
      return SQLITE_CORRUPT;
    return SQLITE_OK;
  });
  for (int i = 10; i < 15; ++i) store->add_sample(sample(id, kNow + seconds(i), i));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  ASSERT_TRUE(within_deadline([&] { return ask("SELECT count(*) FROM events") == "2"; }));

  EXPECT_EQ(store->stats().replaced_files, 1U);
  EXPECT_EQ(store->stats().last_error, "");
  EXPECT_EQ(ask("SELECT group_concat(id) FROM samples"), "11,12,13,14,15");
  EXPECT_EQ(ask("SELECT group_concat(kind) FROM events"), "store_replaced,store_held_up");
  EXPECT_EQ(ask("SELECT group_concat(id) FROM instances"), std::to_string(id));
  EXPECT_EQ(ask("SELECT group_concat(name) FROM targets"), "a");
  EXPECT_EQ(reader().alerts(true, 10).value().at(0).id, alert);
  const auto aside = corrupt_files();
  ASSERT_EQ(aside.size(), 2U);  // the file, and its captures; its log went into it
  const std::string old = (folder_ / aside[0]).string();
  EXPECT_NE(store->stats().replacement.find(old), std::string::npos);
  SQLite::Database kept(old);
  EXPECT_EQ(kept.execAndGet("SELECT count(*) FROM samples").getInt(), 10);
}

TEST_F(StoreFaultTest, AReaderThatDoesNotEndLetsTheLogGrowToItsLimitOnly) {
  constexpr std::int64_t kBatchBytes = 2 << 20;
  options_.log_gather_bytes = 1 << 20;
  options_.log_limit_bytes = 4 << 20;
  options_.gather_linger = milliseconds(20);
  options_.queue_limit_rows = 100000;
  const auto store = open();
  const InstanceId id = begin(*store);
  ASSERT_TRUE(store->flush(kFlushTimeout));
  std::int64_t added = 0;
  std::uintmax_t largest = 0;
  const auto log_bytes = [&] {
    const auto bytes = std::filesystem::file_size(options_.database.string() + "-wal");
    largest = std::max(largest, bytes);
    return static_cast<std::int64_t>(bytes);
  };
  {
    SQLite::Database person(options_.database.string());
    person.exec("BEGIN");
    EXPECT_EQ(person.execAndGet("SELECT count(*) FROM samples").getInt(), 0);
    ASSERT_TRUE(within_deadline([&] {
      for (int i = 0; i < 100; ++i) {
        store->add_sample(full_sample(id, kNow + seconds(added), static_cast<double>(added)));
        ++added;
      }
      (void)store->flush(milliseconds(5));
      return log_bytes() > options_.log_limit_bytes;
    }));
    EXPECT_NE(store->stats().last_error.find("another program keeps open"), std::string::npos);
    for (int i = 0; i < 1000; ++i) {
      store->add_sample(full_sample(id, kNow + seconds(added), static_cast<double>(added)));
      ++added;
    }
    const std::string before = ask("SELECT count(*) FROM samples");
    store->add_alert_transition(firing(store->next_alert_id(), 1, id, kNow));
    ASSERT_TRUE(within_deadline([&] { return ask("SELECT count(*) FROM alert_history") == "1"; }));
    EXPECT_EQ(ask("SELECT count(*) FROM samples"), before);
    EXPECT_LT(log_bytes(), options_.log_limit_bytes + kBatchBytes);
  }
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_LT(static_cast<std::int64_t>(largest), options_.log_limit_bytes + kBatchBytes);
  EXPECT_EQ(ask("SELECT count(*) FROM samples"), std::to_string(added));
  EXPECT_EQ(store->stats().dropped_samples, 0U);
}

// Exit statuses of the child.
constexpr int kSkip = 77;

// In a process and a namespace of its own: a small file system, which root and ordinary users alike
// may mount there.
bool mount_small(const std::filesystem::path& where, const char* options) {
  const uid_t user = getuid();
  const gid_t group = getgid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
  std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
  return mount("small", where.c_str(), "tmpfs", 0, options) == 0;
}

// A disk of 6 MiB that somebody else fills, for an hour of simulated time. The number of the check
// that failed, or 0.
int fill_the_disk(StoreOptions options, const std::filesystem::path& folder) {
  if (!mount_small(folder, "size=6m")) return kSkip;
  constexpr int kRounds = 720;  // of 5 s: an hour
  options.space.min_free_bytes = 256 << 10;
  options.space.ballast_bytes = 512 << 10;
  options.queue_limit_rows = 400;
  auto opened = SampleStore::open(options);
  if (!opened) return 1;
  SampleStore& store = **opened;
  const TargetId target = store.target_id("a", name_spec("a"), kNow);
  const InstanceId id = store.instance_id(target, process(1), kNow).id;
  store.add_sample(full_sample(id, kNow, 0));
  if (!store.flush(kFlushTimeout)) return 2;
  if (!std::filesystem::exists(folder / "soak.db.ballast")) return 3;
  {
    std::ofstream filler(folder / "filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  // Somebody who takes all: also what the floor keeps. Samples wait, alerts live on the ballast.
  for (int i = 1; i <= kRounds; ++i) {
    store.add_sample(full_sample(id, kNow + seconds(5 * i), i));
    if (i % 24 == 0) {
      const WallTime time = kNow + seconds(5 * i);
      store.add_alert_transition(firing(store.next_alert_id(), target, id, time));
    }
  }
  const auto count = [&](const char* table) {
    SQLite::Database db(options.database.string());
    return db.execAndGet(std::string("SELECT count(*) FROM ") + table).getInt();
  };
  if (!within_deadline([&] { return count("alert_history") == kRounds / 24; })) return 4;
  if (count("samples") != 1 || store.stats().last_error.empty()) return 5;
  std::filesystem::remove(folder / "filler");
  if (!within_deadline([&] { return count("events") == 1; })) return 6;
  const StoreStats stats = store.stats();
  if (stats.committed_samples + stats.dropped_samples != kRounds + 1) return 7;
  if (stats.dropped_samples != kRounds - 400) return 8;
  if (count("samples") != 401 || !stats.last_error.empty()) return 9;
  SQLite::Database db(options.database.string());
  const std::string detail = db.execAndGet("SELECT kind || ' ' || detail FROM events").getString();
  if (detail.find("gap 320 samples of 2026-11-20T08:40:05Z") != 0) return 10;
  if (db.execAndGet("PRAGMA integrity_check").getString() != "ok") return 11;
  if (!std::filesystem::exists(folder / "soak.db.ballast")) return 12;
  if (!store.close(kFlushTimeout)) return 13;
  opened->reset();
  return std::filesystem::exists(folder / "soak.db.ballast") ? 14 : 0;
}

// The file system becomes read-only under the writer, and writable again.
int write_protect(const StoreOptions& options, const std::filesystem::path& folder) {
  if (!mount_small(folder, "size=6m")) return kSkip;
  auto opened = SampleStore::open(options);
  if (!opened) return 1;
  SampleStore& store = **opened;
  const InstanceId id =
      store.instance_id(store.target_id("a", name_spec("a"), kNow), process(1), kNow).id;
  if (!store.flush(kFlushTimeout)) return 2;
  // A mount cannot be made read-only while files are open for writing; one over it can.
  if (mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) != 0) return kSkip;
  if (mount(nullptr, folder.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0) {
    return kSkip;
  }
  auto second = SampleStore::open(options);  // at the start it is said at once
  if (second || second.error().message.find("soak.db") == std::string::npos) return 3;
  // The open files still take rows, until the connection is opened anew: the disk fails once.
  FaultVfs& disk = FaultVfs::install();
  std::atomic<int> failures = 0;
  disk.fail([&](FaultVfs::Call call, const std::string& file) {
    const bool hit = call == FaultVfs::Call::kWrite && file.ends_with("-wal") && failures == 0;
    failures += hit ? 1 : 0;
    return hit ? SQLITE_IOERR_WRITE : SQLITE_OK;
  });
  for (int i = 0; i < 50; ++i) store.add_sample(sample(id, kNow + seconds(i), i));
  if (!within_deadline([&] { return store.stats().failed_writes >= 3; })) return 4;
  if (store.stats().last_error.empty() || store.stats().dropped_samples != 0) return 5;
  if (umount2(folder.c_str(), MNT_DETACH) != 0) return 6;
  if (!store.flush(kFlushTimeout)) return 7;
  SQLite::Database db(options.database.string());
  return db.execAndGet("SELECT count(*) FROM samples").getInt() == 50 ? 0 : 8;
}

template <class Body>
int in_a_process(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

TEST_F(StoreFaultTest, AFullDiskForAnHourStopsSamplesAloneAndEndsByItself) {
  const int failed = in_a_process([&] { return fill_the_disk(options_, folder_.path()); });
  if (failed == kSkip) GTEST_SKIP() << "no file system can be mounted in a user namespace here";
  EXPECT_EQ(failed, 0);
}

TEST_F(StoreFaultTest, AReadOnlyFileSystemIsWaitedOut) {
  const int failed = in_a_process([&] { return write_protect(options_, folder_.path()); });
  if (failed == kSkip) GTEST_SKIP() << "no file system can be mounted in a user namespace here";
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace soakwatch
