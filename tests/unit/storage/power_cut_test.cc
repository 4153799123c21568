// The power goes at a hundred arbitrary moments. tests/unit/storage/fault_vfs.h plays the disk.
#include <fmt/format.h>
#include <sqlite3.h>

#include <random>

#include "fault_vfs.h"
#include "store_fixture.h"

namespace soakwatch {
namespace {

constexpr int kCuts = 100;
constexpr int kCutsPerFile = 10;  // one that grows for ever makes the test slow
constexpr int kTargets = 3;
constexpr int kMostRounds = 300;  // of one second each, by the store's clock
constexpr int kRoundsPerAlert = 71;
constexpr int kRoundsPerCapture = 113;
// What the store promises with a checkpoint each 30 s, which is its default.
constexpr std::chrono::seconds kMostLost{60};

class PowerCutTest : public StoreTest {
 protected:
  PowerCutTest() {
    options_.batch_linger = milliseconds(0);
    options_.now = [this] { return clock_.load(); };
  }
  ~PowerCutTest() override { disk_.heal(); }

  // What was acknowledged.
  struct Life {
    WallTime begin;  // what was lost before is another life's loss
    WallTime newest_sample;
    std::int64_t samples = 0;
    std::int64_t transitions = 0;
    std::int64_t captures = 0;
  };
  // Rounds of samples, alerts and captures, until the power goes or `rounds` are done.
  void live(Life& life, int rounds, bool samples_only = false);
  // False: the power went first.
  bool acknowledged(SampleStore& store) const {
    while (!disk_.is_cut()) {
      if (store.flush(milliseconds(50))) return true;
    }
    return false;
  }
  std::int64_t number(const std::string& sql) const { return std::stoll(ask(sql)); }
  // How much of the samples the file has not; everything else must be there.
  std::chrono::seconds lost(const Life& life);

  FaultVfs& disk_ = FaultVfs::install();
  std::atomic<std::chrono::steady_clock::time_point> clock_{
      std::chrono::steady_clock::time_point(std::chrono::hours(1))};
  WallTime wall_ = kNow;
  std::mt19937_64 chance_{20261120};
};

void PowerCutTest::live(Life& life, int rounds, bool samples_only) {
  life.begin = wall_;
  auto opened = SampleStore::open(options_);
  if (!opened) return;  // the power went before
  SampleStore& store = **opened;
  EXPECT_EQ(store.startup_notice(), "");
  const TargetId target = store.target_id("a", {}, kNow);
  const InstanceId instance = store.instance_id(target, process(1), kNow).id;
  for (int round = 1; round <= rounds && !disk_.is_cut(); ++round) {
    clock_ = clock_.load() + seconds(1);
    wall_ += seconds(1);
    for (int i = 0; i < kTargets; ++i) store.add_sample(sample(instance, wall_, round));
    const bool alerts = !samples_only && round % kRoundsPerAlert == 0;
    const bool captures = !samples_only && round % kRoundsPerCapture == 0;
    if (alerts) {
      AlertTransition change;
      change.alert.id = store.next_alert_id();
      change.alert.target = target;
      change.alert.state = AlertState::kFiring;
      change.time = wall_;
      store.add_alert_transition(change);
    }
    if (captures) {
      Capture capture;
      capture.id = store.next_capture_id();
      capture.target = target;
      capture.time = wall_;
      store.add_capture(capture);
    }
    if (!acknowledged(store)) break;
    life.samples += kTargets;
    life.newest_sample = wall_;
    life.transitions += alerts ? 1 : 0;
    life.captures += captures ? 1 : 0;
  }
  (void)store.close(milliseconds(0));
}

std::chrono::seconds PowerCutTest::lost(const Life& life) {
  options_.now = nullptr;
  auto store = SampleStore::open(options_);  // as the daemon starts again
  if (!store) {
    ADD_FAILURE() << store.error().message;
    return {};
  }
  EXPECT_EQ(store.value()->startup_notice(), "");
  store.value().reset();
  options_.now = [this] { return clock_.load(); };
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
  // What is lost is the newest alone.
  EXPECT_EQ(number("SELECT count(*) FROM samples"),
            number("SELECT coalesce(max(id), 0) FROM samples"));
  EXPECT_GE(number("SELECT count(*) FROM alert_history"), life.transitions);
  EXPECT_GE(number("SELECT count(*) FROM captures"), life.captures);
  if (life.samples == 0) return {};
  const WallTime newest =
      std::max(life.begin, from_unix_ms(number("SELECT coalesce(max(time_ms), 0) FROM samples")));
  return std::chrono::duration_cast<seconds>(
      std::max(life.newest_sample - newest, milliseconds(0)));
}

TEST_F(PowerCutTest, AHundredCutsLoseTheNewestSamplesAtMostAndNoAlert) {
  int with_loss = 0;
  int cuts = 0;
  std::chrono::seconds most{};
  while (cuts < kCuts) {
    options_.database = folder_ / ("soak-" + std::to_string(cuts / kCutsPerFile) + ".db");
    Life life;
    // What an earlier life left is acknowledged as well.
    if (cuts % kCutsPerFile > 0) {
      life.transitions = number("SELECT count(*) FROM alert_history");
      life.captures = number("SELECT count(*) FROM captures");
    }
    disk_.watch_syncs();
    disk_.cut_after(static_cast<int>(1 + chance_() % 2000));
    live(life, kMostRounds);
    if (!disk_.is_cut()) disk_.cut();  // just after a clean stop
    ++cuts;
    disk_.restore_after_cut(chance_);
    SCOPED_TRACE(cuts);
    const auto gone = lost(life);
    EXPECT_LE(gone, kMostLost);
    with_loss += gone > seconds(0) ? 1 : 0;
    most = std::max(most, gone);
    if (HasFailure()) return;
  }
  std::printf("%d cuts, %d of them lost samples, of %lld s at most\n", cuts, with_loss,
              static_cast<long long>(most.count()));
  EXPECT_GT(with_loss, 0);  // else the disk was not played
}

// Each moment of the first start, from the file's first byte to its first rows.
TEST_F(PowerCutTest, ACutWhileTheFileIsMadeLeavesOneThatIsUsed) {
  constexpr int kMostCalls = 400;
  bool made = false;
  // Before the log begins, what is torn is the file itself: each moment of it, in several ways.
  constexpr int kLogBegins = 20;
  for (int calls = 1; !made && calls < kMostCalls; calls += calls < kLogBegins ? 1 : 5) {
    const int ways_to_tear = calls <= kLogBegins ? 4 : 1;
    for (int way = 0; way < ways_to_tear; ++way) {
      options_.database = folder_ / fmt::format("first-{}-{}.db", calls, way);
      disk_.watch_syncs();
      disk_.cut_after(calls);
      Life life;
      live(life, 1);
      made = !disk_.is_cut();
      if (!made) disk_.cut();
      disk_.restore_after_cut(chance_);
      SCOPED_TRACE(options_.database.string());
      EXPECT_LE(lost(life), kMostLost);
      if (HasFailure()) return;
    }
  }
  EXPECT_TRUE(made);
}

// The log cannot be moved into the file while a reader needs it: it is synced all the same.
TEST_F(PowerCutTest, AReaderThatNeverEndsDoesNotMakeTheLossGrow) {
  SampleStore::open(options_).value().reset();
  disk_.watch_syncs();
  Life life;
  {
    SQLite::Database person(options_.database.string());
    person.exec("BEGIN");
    person.execAndGet("SELECT count(*) FROM samples");
    live(life, kMostRounds, true);  // an alert would sync the log
    disk_.cut();
  }
  disk_.restore_after_cut(chance_);
  EXPECT_EQ(life.samples, kMostRounds * kTargets);
  EXPECT_LE(lost(life), kMostLost);
}

// The rows of a transaction whose sync failed are found in the log when it is written again: they
// are not safe for that.
TEST_F(PowerCutTest, WhatASyncRefusedIsSyncedBeforeItIsAcknowledged) {
  for (int i = 0; i < 10; ++i) {
    options_.database = folder_ / ("sync-" + std::to_string(i) + ".db");
    SampleStore::open(options_).value().reset();
    disk_.watch_syncs();
    auto store = SampleStore::open(options_).value();
    store->add_event({kNow, EventKind::kGap, 0, 0, "the log has begun"});
    ASSERT_TRUE(store->flush(kFlushTimeout));
    disk_.fail([left = 2](FaultVfs::Call call, const std::string& file) mutable {
      // Of the commit, and of the attempt to close.
      const bool hit = call == FaultVfs::Call::kSync && file.ends_with("-wal") && left-- > 0;
      return hit ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    });
    Capture capture;
    capture.id = store->next_capture_id();
    capture.target = 1;
    store->add_capture(capture);
    ASSERT_TRUE(store->flush(kFlushTimeout));
    ASSERT_GT(store->stats().failed_writes, 0U);
    disk_.cut();
    (void)store->close(milliseconds(0));  // the clock stands still
    store.reset();
    disk_.restore_after_cut(chance_);
    ASSERT_EQ(number("SELECT count(*) FROM captures"), 1);
    disk_.heal();
  }
}

// A disk that acknowledges a sync and forgets: then alerts are lost, and the checks above see it.
TEST_F(PowerCutTest, ADiskThatLiesLosesAlerts) {
  int lost_alerts = 0;
  for (int i = 0; i < 10; ++i) {
    options_.database = folder_ / ("lie-" + std::to_string(i) + ".db");
    SampleStore::open(options_).value().reset();
    disk_.watch_syncs();
    disk_.lie();
    Life life;
    disk_.cut_after(static_cast<int>(1500 + chance_() % 1000));
    live(life, kMostRounds);
    disk_.cut();
    disk_.restore_after_cut(chance_);
    ASSERT_GT(life.transitions, 0);
    try {
      lost_alerts += number("SELECT count(*) FROM alert_history") < life.transitions ? 1 : 0;
    } catch (const SQLite::Exception&) {
      ++lost_alerts;
    }
  }
  EXPECT_GT(lost_alerts, 0);
}

}  // namespace
}  // namespace soakwatch
