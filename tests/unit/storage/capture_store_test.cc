// Captures stored, found again, kept within their budget, and taken over after a crash.
#include "storage/capture_store.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <thread>

#include "storage/capture_folder.h"
#include "store_fixture.h"

namespace soakwatch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::int64_t kBlock = 4096;

class CaptureStoreTest : public StoreTest {
 protected:
  CaptureStoreTest() { capture_options_.min_free_bytes = 0; }

  // A store with a target and an instance.
  void start() {
    store_ = open();
    target_ = store_->target_id("sidecar", {}, kNow);
    instance_ = store_->instance_id(target_, process(1), kNow).id;
    ASSERT_TRUE(store_->flush(kFlushTimeout));
    captures_ = CaptureStore::open(*store_, capture_options_, kNow).value();
  }
  void stop() {
    captures_.reset();
    store_.reset();
  }
  void restart(WallTime now = kNow) {
    stop();
    store_ = open();
    captures_ = CaptureStore::open(*store_, capture_options_, now).value();
    ASSERT_TRUE(store_->flush(kFlushTimeout));
  }
  Capture taken(CaptureReason reason, WallTime time) const {
    Capture capture;
    capture.target = target_;
    capture.instance = instance_;
    capture.reason = reason;
    capture.time = time;
    return capture;
  }
  Result<Capture> add(const Capture& capture, const std::string& content = "content") {
    return captures_->add(capture, content, "pb.gz");
  }
  AlertId open_alert(WallTime since) {
    Alert alert;
    alert.id = store_->next_alert_id();
    alert.target = target_;
    alert.instance = instance_;
    alert.state = AlertState::kFiring;
    alert.finding.since = since;
    store_->add_alert_transition({alert, AlertState::kPending, kNow, ""});
    return alert.id;
  }
  std::vector<Capture> stored(const CaptureQuery& query = {}) {
    if (!store_->flush(kFlushTimeout)) throw std::runtime_error("flush");
    return reader().captures(query).value();
  }
  std::set<CaptureId> stored_ids() {
    std::set<CaptureId> ids;
    for (const Capture& capture : stored()) ids.insert(capture.id);
    return ids;
  }
  std::filesystem::path folder() const { return captures_folder(options_.database); }
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      names.insert(entry.path().filename());
    }
    return names;
  }
  std::string read(const Capture& capture) const {
    return read_capture_file(options_.database, capture, 1000000).value();
  }

  CaptureOptions capture_options_;
  std::unique_ptr<SampleStore> store_;
  std::unique_ptr<CaptureStore> captures_;
  TargetId target_ = 0;
  InstanceId instance_ = 0;
};

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

class CaptureRecoveryTest : public CaptureStoreTest {
 protected:
  // A file in the folder that was last written so long before kNow.
  void leave(const std::string& name, std::chrono::seconds age) {
    write_text(folder() / name, "left");
    const timespec time{to_unix_ms(kNow) / 1000 - age.count(), 0};
    const timespec times[2] = {time, time};
    ASSERT_EQ(utimensat(AT_FDCWD, (folder() / name).c_str(), times, 0), 0);
  }
};

TEST_F(CaptureRecoveryTest, FilesWithoutARowGoAfterAnHourAndOthersStay) {
  start();
  const Capture added = add(taken(CaptureReason::kManual, kNow)).value();
  const std::string stray = "a-heap-baseline-20261120T010000Z-9.pb.gz";
  const std::string young = "a-heap-baseline-20261120T080000Z-10.pb.gz";
  const std::string half = ".a-heap-baseline-20261120T010000Z-9.pb.gz.part";
  leave(stray, minutes(61));
  leave(young, minutes(59));
  leave(half, minutes(61));
  leave("notes.txt", hours(1000));
  leave("heap.pb.gz", hours(1000));
  std::filesystem::create_directory(folder() / "a-heap-baseline-20261120T010000Z-7.pb.gz");
  restart();
  EXPECT_EQ(files(), (std::set<std::string>{added.file, young, "notes.txt", "heap.pb.gz",
                                            "a-heap-baseline-20261120T010000Z-7.pb.gz"}));
  ASSERT_TRUE(captures_->tidy(kNow + minutes(2)));
  EXPECT_EQ(files().count(young), 0U);
}

TEST_F(CaptureRecoveryTest, RowsWithoutAFileGo) {
  start();
  const Capture gone = add(taken(CaptureReason::kManual, kNow)).value();
  const Capture stays = add(taken(CaptureReason::kManual, kNow + minutes(1))).value();
  std::filesystem::remove(folder() / gone.file);
  restart();
  EXPECT_EQ(stored_ids(), std::set{stays.id});
}

TEST_F(CaptureRecoveryTest, ARowThatNamesAnotherFileGoesAndTheFileStays) {
  start();
  const Capture added = add(taken(CaptureReason::kManual, kNow)).value();
  stop();
  SQLite::Database(options_.database.string(), SQLite::OPEN_READWRITE)
      .exec("UPDATE captures SET file = '../soak.db'");
  restart(kNow + hours(10000));
  EXPECT_TRUE(stored().empty());
  EXPECT_TRUE(std::filesystem::exists(options_.database));
}

TEST_F(CaptureRecoveryTest, RowsThatNobodyOfUsWroteAreNotBelieved) {
  start();
  const Capture added = add(taken(CaptureReason::kManual, kNow)).value();
  stop();
  SQLite::Database(options_.database.string(), SQLite::OPEN_READWRITE)
      .exec(
          "UPDATE captures SET bytes = 9223372036854775807; INSERT INTO captures SELECT "
          "id + 1, 1, 1, kind, reason, -9223372036854775807, NULL, file, 1 FROM captures; "
          "INSERT INTO captures SELECT 0, 1, 1, kind, reason, time_ms, NULL, file, 1 "
          "FROM captures LIMIT 1");
  restart();
  EXPECT_EQ(captures_->stats().captures, 1U);
  EXPECT_EQ(captures_->stats().bytes, kBlock);
  EXPECT_EQ(stored_ids(), std::set{added.id});
  EXPECT_EQ(read(added), "content");
}

TEST_F(CaptureRecoveryTest, AFolderThatCannotBeReadIsNoEmptyOne) {
  start();
  const Capture added = add(taken(CaptureReason::kManual, kNow)).value();
  stop();
  std::filesystem::rename(folder(), folder().string() + ".away");
  write_text(folder(), "no folder");
  store_ = open();
  const auto refused = CaptureStore::open(*store_, capture_options_, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalid);
  std::filesystem::remove(folder());
  std::filesystem::rename(folder().string() + ".away", folder());
  EXPECT_EQ(stored_ids(), std::set{added.id});
}

TEST_F(CaptureRecoveryTest, CapturesGoAsideWithABrokenDatabase) {
  start();
  const Capture added = add(taken(CaptureReason::kManual, kNow)).value();
  stop();
  std::string bytes = read_text(options_.database);
  for (std::size_t i = 100; i < bytes.size(); ++i) bytes[i] = 'x';
  write_text(options_.database, bytes);
  restart(kNow + hours(10000));
  EXPECT_NE(store_->startup_notice(), "");
  EXPECT_FALSE(std::filesystem::exists(folder()));
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    const std::string name = entry.path().filename();
    if (name.find(".corrupt-") == std::string::npos || !entry.is_directory()) continue;
    EXPECT_EQ(read_text(entry.path() / added.file), "content");
    EXPECT_EQ(entry.path().extension(), ".captures");
    ++found;
  }
  EXPECT_EQ(found, 1);
}

// Adds without end, and tells the id of each one whose row is committed.
[[noreturn]] void add_until_killed(const StoreOptions& options, CaptureOptions capture_options,
                                   int acknowledged) {
  auto store = SampleStore::open(options);
  if (!store) _exit(2);
  const TargetId target = (*store)->target_id("a", {}, kNow);
  auto captures = CaptureStore::open(**store, capture_options, kNow);
  if (!captures) _exit(3);
  for (int i = 0;; ++i) {
    Capture capture;
    capture.target = target;
    capture.time = kNow + minutes(i);
    const auto added = (*captures)->add(capture, std::string(20000, 'x'), "pb.gz");
    if (!added || !(*store)->flush(kFlushTimeout)) _exit(4);
    if (::write(acknowledged, &added->id, sizeof added->id) < 0) _exit(5);
  }
}

TEST_F(CaptureRecoveryTest, AKillLosesNoAcknowledgedCaptureAndLeavesNoHalfOne) {
  for (int round = 0; round < 4; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      add_until_killed(options_, capture_options_, ends[1]);
    }
    close(ends[1]);
    std::set<CaptureId> acknowledged;
    CaptureId id = 0;
    while (acknowledged.size() < 5U + 3U * static_cast<unsigned>(round) &&
           ::read(ends[0], &id, sizeof id) == static_cast<ssize_t>(sizeof id)) {
      acknowledged.insert(id);
    }
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    close(ends[0]);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;

    restart(kNow);
    const auto all = stored();
    for (const Capture& capture : all) {
      EXPECT_EQ(read(capture).size(), 20000U);
      acknowledged.erase(capture.id);
    }
    EXPECT_TRUE(acknowledged.empty());
    // Whatever the kill left besides is young; later it goes.
    const WallTime later =
        std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) + hours(2);
    capture_options_.budget.max_age = std::chrono::hours(1000000);
    restart(later);
    EXPECT_EQ(files().size(), stored().size());
    stop();
  }
}

// Runs in a child process, because the limit is the process's. Returns the number of the check
// that failed, or 0.
int add_on_a_full_disk(const StoreOptions& options, const CaptureOptions& capture_options) {
  std::signal(SIGXFSZ, SIG_IGN);
  auto store = SampleStore::open(options);
  if (!store) return 1;
  Capture capture;
  capture.target = (*store)->target_id("a", {}, kNow);
  capture.time = kNow;
  auto captures = CaptureStore::open(**store, capture_options, kNow);
  if (!captures || !(*store)->flush(kFlushTimeout)) return 2;
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlim_t unlimited = limit.rlim_cur;
  limit.rlim_cur = 1024 * 1024;
  setrlimit(RLIMIT_FSIZE, &limit);
  const std::string content(2 * 1024 * 1024, 'x');
  const auto refused = (*captures)->add(capture, content, "pb.gz");
  limit.rlim_cur = unlimited;
  setrlimit(RLIMIT_FSIZE, &limit);
  if (refused || refused.error().kind != ErrorKind::kIo) return 3;
  if (refused.error().message.find("cannot write ") != 0) return 4;
  if ((*captures)->stats().captures != 0) return 5;
  if (!std::filesystem::is_empty(captures_folder(options.database))) return 6;
  return (*captures)->add(capture, content, "pb.gz") ? 0 : 7;
}

TEST_F(CaptureRecoveryTest, AWriteThatFailsLeavesNothing) {
  const pid_t child = fork();
  if (child == 0) _exit(add_on_a_full_disk(options_, capture_options_));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace soakwatch
