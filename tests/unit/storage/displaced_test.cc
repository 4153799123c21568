// Somebody removes, moves or replaces the database, its log, its lock file or its folder while it
// is written.
#include <SQLiteCpp/Database.h>
#include <unistd.h>

#include "storage/lock_file.h"
#include "store_fixture.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

class DisplacedTest : public StoreTest {
 protected:
  DisplacedTest() {
    options_.database = folder_ / "store" / "soak.db";
    store_ = open();
    target_ = store_->target_id("a", name_spec("a"), kNow);
    const InstanceId ended = store_->instance_id(target_, process(6), kNow).id;
    store_->end_instance({ended, kNow, "ended"});
    instance_ = store_->instance_id(target_, process(7), kNow).id;
    Alert alert;
    alert.id = store_->next_alert_id();
    alert.target = target_;
    alert.instance = instance_;
    alert.state = AlertState::kFiring;
    store_->add_alert_transition({alert, AlertState::kPending, kNow, ""});
    add(10);
  }
  void add(int count) {
    for (int i = 0; i < count; ++i) {
      store_->add_sample(sample(instance_, kNow + seconds(added_), added_));
      ++added_;
    }
    ASSERT_TRUE(store_->flush(kFlushTimeout)) << store_->stats().last_error;
  }
  // The rows that are told of are queued with the first that are written.
  void settle() { ASSERT_TRUE(store_->flush(kFlushTimeout)); }
  void remove_files(std::initializer_list<const char*> suffixes) const {
    for (const char* suffix : suffixes) ASSERT_TRUE(fs::remove(name(suffix))) << suffix;
  }
  std::string name(const char* suffix) const { return options_.database.string() + suffix; }
  // The new file has the samples from `first` on, and what they need.
  void expect_new_file(int first) {
    settle();
    EXPECT_EQ(ask("SELECT min(id) || ' ' || max(id) || ' ' || count(*) FROM samples"),
              std::to_string(first) + " " + std::to_string(added_) + " " +
                  std::to_string(added_ - first + 1));
    EXPECT_EQ(ask("SELECT group_concat(name) FROM targets"), "a");
    EXPECT_EQ(ask("SELECT group_concat(id) FROM instances"), std::to_string(instance_));
    EXPECT_EQ(reader().alerts(true, 10).value().size(), 1U);
    EXPECT_EQ(ask("SELECT count(*) FROM events WHERE kind = 'store_replaced'"), "1");
    EXPECT_EQ(ask("SELECT detail FROM events WHERE kind = 'store_replaced'"),
              store_->stats().replacement);
    EXPECT_EQ(store_->stats().replaced_files, 1U);
    EXPECT_EQ(store_->stats().last_error, "");
    EXPECT_TRUE(writer_state(options_.database).running);
    EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
  }
  bool told(const std::string& text) const {
    return store_->stats().replacement.find(text) != std::string::npos;
  }
  std::vector<fs::path> displaced() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(options_.database.parent_path())) {
      if (entry.path().string().find(".displaced-") != std::string::npos)
        found.push_back(entry.path());
    }
    return found;
  }

  std::unique_ptr<SampleStore> store_;
  TargetId target_ = 0;
  InstanceId instance_ = 0;
  int added_ = 0;
};

TEST_F(DisplacedTest, ALogThatWasRemovedLosesNothingAndIsTold) {
  remove_files({"-wal"});
  add(5);
  settle();
  EXPECT_EQ(rows().size(), 15U);
  EXPECT_EQ(store_->stats().replaced_files, 0U);
  EXPECT_EQ(ask("SELECT group_concat(kind) FROM events"), "store_held_up");
  EXPECT_NE(ask("SELECT detail FROM events").find("-wal or -shm was removed"), std::string::npos);
}

TEST_F(DisplacedTest, ADatabaseThatWasRemovedIsBegunAnew) {
  remove_files({"", "-wal", "-shm", ".lock"});
  add(5);
  expect_new_file(11);
  EXPECT_TRUE(told("was removed while in use: a new database was begun; the 10 samples"))
      << store_->stats().replacement;
  EXPECT_EQ(store_->stats().lost_rows, 10U);
  EXPECT_TRUE(store_->close(kFlushTimeout));  // it was told of
}

// Its old log would be taken for that of the new one.
TEST_F(DisplacedTest, ADatabaseThatWasRemovedAloneLeavesNothingInTheWay) {
  fs::create_directory(name(".captures"));
  remove_files({""});
  add(5);
  expect_new_file(11);
  EXPECT_TRUE(told("was removed while in use: what lay in its place was moved to "));
  EXPECT_EQ(displaced().size(), 3U);  // -wal, -shm, captures
}

TEST_F(DisplacedTest, ItIsNoticedWithoutARowAtTheNextCheckpoint) {
  store_.reset();
  options_.checkpoint_interval = milliseconds(1);
  store_ = open();
  remove_files({"", "-wal", "-shm"});
  const auto deadline = std::chrono::steady_clock::now() + kFlushTimeout;
  while (store_->stats().replaced_files == 0 && std::chrono::steady_clock::now() < deadline) {
  }
  settle();
  EXPECT_EQ(ask("SELECT group_concat(kind) FROM events"), "store_replaced");
}

TEST_F(DisplacedTest, ADatabaseThatWasMovedHasAllItsRows) {
  const fs::path moved = folder_ / "moved.db";
  fs::rename(options_.database, moved);
  add(5);
  expect_new_file(11);
  EXPECT_TRUE(told("was moved to " + moved.string() + " while in use"))
      << store_->stats().replacement;
  EXPECT_EQ(store_->stats().lost_rows, 0U);
  SQLite::Database old(moved.string());
  EXPECT_EQ(old.execAndGet("SELECT count(*) FROM samples").getInt(), 10);
}

TEST_F(DisplacedTest, AnotherFileInItsPlaceIsNotWrittenButKept) {
  const fs::path other = folder_ / "other.db";
  StoreOptions of_other = options_;
  of_other.database = other;
  SampleStore::open(of_other).value().reset();
  fs::rename(other, options_.database);
  add(5);
  expect_new_file(11);
  EXPECT_EQ(displaced().size(), 3U);  // it, and the log and its index of the first one
}

TEST_F(DisplacedTest, AFileOfAnotherKindInItsPlaceIsLeftAsItIs) {
  remove_files({"", "-wal", "-shm"});
  write_text(options_.database, "my notes");
  for (int i = 0; i < 5; ++i) store_->add_sample(sample(instance_, kNow + seconds(added_++), 1));
  EXPECT_FALSE(store_->flush(milliseconds(50)));
  EXPECT_NE(store_->stats().last_error.find("not a soakwatch database"), std::string::npos);
  EXPECT_EQ(fs::file_size(options_.database), std::string_view("my notes").size());
  EXPECT_TRUE(displaced().empty());
  remove_files({""});
  expect_new_file(11);
}

TEST_F(DisplacedTest, AFolderThatWasMovedAwayIsMadeAgain) {
  fs::rename(folder_ / "store", folder_ / "away");
  add(5);
  expect_new_file(11);
  EXPECT_TRUE(told("away/soak.db while in use"));
  SQLite::Database old((folder_ / "away/soak.db").string());
  EXPECT_EQ(old.execAndGet("SELECT count(*) FROM samples").getInt(), 10);
}

// A name that cannot be made again: something else has it.
TEST_F(DisplacedTest, WithoutAFolderRowsWaitAndGoOnInTheOldFileWhenItIsBack) {
  fs::rename(folder_ / "store", folder_ / "away");
  write_text(folder_ / "store", "a file");
  for (int i = 0; i < 5; ++i) store_->add_sample(sample(instance_, kNow + seconds(added_++), 1));
  EXPECT_FALSE(store_->flush(milliseconds(50)));
  EXPECT_NE(store_->stats().last_error, "");
  EXPECT_EQ(store_->stats().dropped_samples, 0U);
  fs::remove(folder_ / "store");
  fs::rename(folder_ / "away", folder_ / "store");
  settle();
  settle();
  EXPECT_EQ(rows().size(), 15U);
  EXPECT_EQ(store_->stats().replaced_files, 0U);
  EXPECT_EQ(ask("SELECT group_concat(kind) FROM events"), "store_held_up");
}

TEST_F(DisplacedTest, AtTheEndALossIsNotClaimedAsKept) {
  remove_files({"", "-wal", "-shm"});
  const Result<void> closed = store_->close(milliseconds(0));
  ASSERT_FALSE(closed);
  EXPECT_NE(closed.error().message.find("removed while in use; the 10 samples"), std::string::npos);
  EXPECT_EQ(store_->stats().lost_rows, 10U);
}

TEST_F(DisplacedTest, ALockFileThatWasRemovedIsMadeAgain) {
  remove_files({".lock"});
  add(1);
  EXPECT_EQ(writer_state(options_.database).pid, getpid());
  EXPECT_EQ(SampleStore::open(options_).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(rows().size(), 11U);
  EXPECT_EQ(store_->stats().replaced_files, 0U);
}

// Both would give out the same ids.
TEST_F(DisplacedTest, WhoGotTheLockMeanwhileIsAloneAndWhatItWroteIsKept) {
  remove_files({".lock"});
  auto second = open();
  second->add_sample(sample(instance_, kNow, 77));
  ASSERT_TRUE(second->flush(kFlushTimeout));
  store_->add_sample(sample(instance_, kNow + seconds(added_++), 1));
  EXPECT_FALSE(store_->flush(milliseconds(50)));
  EXPECT_NE(store_->stats().last_error.find("is written by process"), std::string::npos);
  EXPECT_EQ(rows().size(), 11U);
  second->add_sample(sample(instance_, kNow, 78));
  EXPECT_TRUE(second->close(kFlushTimeout));
  second.reset();
  settle();
  add(4);
  expect_new_file(11);
  EXPECT_TRUE(told("was written by another process"));
  const auto aside = displaced();
  ASSERT_EQ(aside.size(), 1U);
  SQLite::Database old(aside[0].string());
  EXPECT_EQ(old.execAndGet("SELECT count(*) FROM samples").getInt(), 12);
}

TEST_F(DisplacedTest, WhoGotTheLockAndWroteNothingCostsNothing) {
  remove_files({".lock"});
  EXPECT_TRUE(open()->close(kFlushTimeout));
  {
    SQLite::Database person(options_.database.string(), SQLite::OPEN_READWRITE);
    person.exec("ANALYZE");
  }
  add(5);
  EXPECT_EQ(rows().size(), 15U);
  EXPECT_EQ(store_->stats().replaced_files, 0U);
  EXPECT_TRUE(displaced().empty());
}

// As after a look at it that failed.
TEST_F(DisplacedTest, ALockThatIsHeldIsNotTakenForAnothers) {
  options_.database = folder_ / "lock.db";
  auto lock = LockFile::acquire(options_.database, "test").value();
  EXPECT_TRUE(lock.renew());
  EXPECT_EQ(LockFile::acquire(options_.database, "test").error().kind, ErrorKind::kUnavailable);
}

TEST_F(DisplacedTest, WhatAnotherWroteWhileTheLockFileWasGoneIsNoticedAlsoAfterItsEnd) {
  remove_files({".lock"});
  {
    auto second = open();
    second->add_sample(sample(instance_, kNow, 77));
    EXPECT_TRUE(second->close(kFlushTimeout));
  }
  add(5);
  expect_new_file(11);
  EXPECT_TRUE(told("was written by another process"));
}

}  // namespace
}  // namespace soakwatch
