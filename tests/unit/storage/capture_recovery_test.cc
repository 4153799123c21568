// What the store of captures makes of what a crash, a full disk or a person left.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "capture_fixture.h"

namespace soakwatch {
namespace {

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
  constexpr std::size_t kLimitBytes = std::size_t{1024} * 1024;
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
  limit.rlim_cur = kLimitBytes;
  setrlimit(RLIMIT_FSIZE, &limit);
  const std::string content(2 * kLimitBytes, 'x');
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
