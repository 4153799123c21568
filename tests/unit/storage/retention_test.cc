// Which rows go where and when, and that none is lost or doubled on the way.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "retention_fixture.h"
#include "storage/schema.h"

namespace soakwatch {
namespace {

TEST_F(RetentionTest, LeavesWhatIsYoung) {
  record(1, kHour, 1000, 5s);
  pass(kHour + 24h);
  EXPECT_EQ(in("samples"), 1000);
  EXPECT_EQ(in("minutes"), 0);
}

TEST_F(RetentionTest, MovesWholeMinutesAndCountsEverySample) {
  record(1, kHour, 2000, 5s);  // 2 h 46 min 40 s
  pass(kHour + 25h + 30s);
  EXPECT_EQ(in("minutes"), 60);
  EXPECT_EQ(in("samples"), 2000 - 60 * 12);
  EXPECT_EQ(samples_in_all(), 2000);
  EXPECT_EQ(number("SELECT min(time_ms) FROM samples"), to_unix_ms(kHour + 1h));
  pass(kHour + 25h + 30s);  // nothing more to do
  EXPECT_EQ(in("minutes"), 60);
  EXPECT_EQ(samples_in_all(), 2000);
}

TEST_F(RetentionTest, GoesFromTierToTierAndOut) {
  record(1, kHour, 3000, 5s);
  pass(kHour + 27h);
  pass(kHour + 242h);
  EXPECT_EQ(in("samples"), 0);
  EXPECT_EQ(in("hours"), 2);
  EXPECT_EQ(samples_in_all(), 3000);
  pass(kHour + 2402h);
  EXPECT_EQ(in("minutes"), 0);
  EXPECT_EQ(in("hours"), 3);  // of which two have just expired, before the minutes became the rest
  pass(kHour + 2406h);
  EXPECT_EQ(in("hours"), 0);
  EXPECT_EQ(in("instances"), 0);  // ended long ago, and nothing is left of it
  EXPECT_EQ(in("targets"), 1);
}

TEST_F(RetentionTest, MergesWhatComesLate) {
  const InstanceId id = record(1, kHour, 24, 5s);
  pass(kHour + 48h);
  EXPECT_EQ(in("minutes"), 2);
  const auto store = open();
  Sample late = sample(id, kHour + 7s, 1);
  late.monotonic = 1h + 7s;
  store->add_sample(late);
  store->close(kFlushTimeout).value();
  pass(kHour + 48h);
  EXPECT_EQ(in("minutes"), 2);
  EXPECT_EQ(samples_in_all(), 25);
  EXPECT_EQ(number("SELECT rss_bytes_min FROM minutes ORDER BY time_ms"), 1);
  EXPECT_NE(number("SELECT rss_bytes FROM minutes ORDER BY time_ms"), 1);  // it was not the last
}

TEST_F(RetentionTest, SlicesAreBoundedAndMayEndAnywhere) {
  record(1, kHour, 5000, 1s);
  record(2, kHour + 10s, 5000, 1s);
  const int slices = pass(kHour + 480h, 70);
  EXPECT_GT(slices, 10000 / 140);
  EXPECT_LE(longest_, 2 * 70);
  EXPECT_EQ(samples_in_all(), 10000);
  EXPECT_EQ(in("hours"), 4);
}

TEST_F(RetentionTest, AnExceptionInASliceLeavesNothingDoubled) {
  record(1, kHour, 600, 1s);
  auto db = connect_writer(options_.database);
  // As a full disk or a broken page would: the deletion after the merge fails.
  db->exec(
      "CREATE TEMP TRIGGER fail BEFORE DELETE ON main.samples WHEN old.rss_bytes % 5 = 0 "
      "BEGIN SELECT raise(ABORT, 'no'); END");
  Retention retention(*db, keep_);
  EXPECT_THROW(retention.work({kHour + 48h}, {100}), SQLite::Exception);
  EXPECT_EQ(in("minutes"), 0);
  EXPECT_EQ(samples_in_all(), 600);
  db->exec("DROP TRIGGER fail");
  while (retention.work({kHour + 48h}, {100}).more) {
  }
  EXPECT_EQ(in("minutes"), 10);
  EXPECT_EQ(samples_in_all(), 600);
}

TEST_F(RetentionTest, ImportedDataStayWhateverTheirAge) {
  record(1, kHour, 100, 60s, std::string(kImportedBootId), "old log");
  record(2, kHour, 100, 60s);
  pass(kHour + 24h * 3000);
  EXPECT_EQ(in("samples"), 100);
  EXPECT_EQ(in("instances"), 1);
}

TEST_F(RetentionTest, OldEventsGoButThoseOfAnOpenAlert) {
  const InstanceId id = record(1, kHour, 1, 1s);
  const InstanceId alerted = record(2, kHour, 1, 1s);
  {
    auto store = open();
    const TargetId target = *store->known_target("a");
    for (const InstanceId of : {id, alerted, InstanceId{0}})
      store->add_event({kHour, EventKind::kGap, of == 0 ? 0 : target, of, "x"});
    store->add_event({kHour + 2000h, EventKind::kGap, 0, 0, "young"});
    Alert alert;
    alert.id = store->next_alert_id();
    alert.target = target;
    alert.instance = alerted;
    alert.state = AlertState::kFiring;
    store->add_alert_transition({alert, AlertState::kPending, kHour, ""});
  }
  pass(kHour + 2500h);
  EXPECT_EQ(in("events"), 2);
  EXPECT_EQ(number("SELECT instance_id FROM events WHERE instance_id IS NOT NULL"), alerted);
  EXPECT_EQ(ask("SELECT group_concat(id) FROM instances"), std::to_string(alerted));
}

// What comes and goes for months, of a process that runs on.
TEST_F(RetentionTest, OfAProcessThatRunsTheNewestEventsStay) {
  auto store = open();
  const TargetId target = store->target_id("a", name_spec("a"), kHour);
  const InstanceId id = store->instance_id(target, process(7), kHour).id;
  for (int i = 0; i < 1500; ++i)
    store->add_event({kHour + seconds(i), EventKind::kPprofLost, target, id, "x"});
  store->close(kFlushTimeout).value();
  store.reset();
  pass(kHour + 2500h);
  EXPECT_EQ(in("events"), 1000);
  EXPECT_EQ(number("SELECT min(time_ms) FROM events"), to_unix_ms(kHour + seconds(500)));
}

TEST_F(RetentionTest, ACrowdOfShortLivesGoesTheOldestFirst) {
  const InstanceId good = record(1, kHour, 3600, 5s);  // five hours
  for (int i = 0; i < 40; ++i) record(10 + i, kHour + 10h + i * 10s, 2, 5s);
  keep_.limit_instances = 20;
  pass(kHour + 11h, 50);
  EXPECT_EQ(in("instances"), 20);
  EXPECT_EQ(number("SELECT count(*) FROM samples WHERE instance_id = " + std::to_string(good)),
            3600);
  EXPECT_EQ(number("SELECT count(DISTINCT instance_id) FROM samples"), 20);
  EXPECT_EQ(number("SELECT max(pid) FROM instances"), 49);  // the newest stay
}

TEST_F(RetentionTest, KeepsWithinTheBytesAndGivesTheRestBack) {
  record(1, kHour, 60000, 1s);  // 16 h 40 min
  const auto whole = std::filesystem::file_size(options_.database);
  pass(kHour + 17h);
  EXPECT_EQ(in("samples"), 60000);  // without a limit
  keep_.limit_bytes = static_cast<std::int64_t>(whole) / 2;
  pass(kHour + 17h);
  EXPECT_EQ(samples_in_all(), 60000);
  EXPECT_GT(in("minutes"), 60);
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_NE(notices_[0].find("would exceed its limit"), std::string::npos) << notices_[0];
  const std::int64_t used =
      number(
          "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM "
          "pragma_freelist_count)") *
      4096;
  EXPECT_LE(used, keep_.limit_bytes);
  EXPECT_LT(std::filesystem::file_size(options_.database),
            static_cast<std::uintmax_t>(used) * 17 / 16 + 257 * 4096);
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
}

TEST_F(RetentionTest, TheNewestHourStaysWhateverTheBytes) {
  record(1, kHour, 10800, 1s);  // three hours
  keep_.limit_bytes = 4096;
  pass(kHour + 3h);
  EXPECT_EQ(in("samples"), 3600);
  EXPECT_EQ(in("minutes"), 0);
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_NE(notices_[0].find("exceeds its limit"), std::string::npos) << notices_[0];
}

TEST_F(RetentionTest, TheWriterDoesItByItselfWhileNothingWaits) {
  const InstanceId id = record(1, kHour, 5000, 1s);
  options_.retention = keep_;
  options_.retention.interval = 1ms;
  options_.retention.now = [] { return ClockReading{kHour + 48h}; };
  const auto store = open();
  const auto deadline = std::chrono::steady_clock::now() + kFlushTimeout;
  while (store->stats().retention.passes < 2 && std::chrono::steady_clock::now() < deadline) {
    store->add_sample(sample(id, kHour + 48h, 1));
    ASSERT_TRUE(store->flush(kFlushTimeout));
  }
  const StoreStats stats = store->stats();
  EXPECT_EQ(stats.retention.expired_rows, 5000U);
  EXPECT_EQ(stats.rejected_rows, 0U);
  EXPECT_EQ(stats.last_error, "");
  EXPECT_EQ(in("minutes"), 84);
}

// What it moves cannot leave the log before the reader has ended: that room is for new samples.
TEST_F(RetentionTest, WaitsWhileAReaderHoldsTheLog) {
  constexpr std::int64_t kSliceBytes = 1 << 20;
  record(1, kHour, 60000, 1s);
  options_.retention = keep_;
  options_.retention.interval = 1ms;
  options_.retention.now = [] { return ClockReading{kHour + 480h}; };
  options_.retry_interval = 10ms;
  options_.log_gather_bytes = 256 << 10;
  const auto log_bytes = [this] {
    std::error_code none;
    const auto bytes = std::filesystem::file_size(options_.database.string() + "-wal", none);
    return none ? std::int64_t{0} : static_cast<std::int64_t>(bytes);
  };
  SQLite::Database person(options_.database.string());
  person.exec("BEGIN");
  const int before = person.execAndGet("SELECT count(*) FROM samples").getInt();
  const auto store = open();
  ASSERT_TRUE(within_deadline([&] { return log_bytes() > options_.log_gather_bytes; }));
  const std::uint64_t slices = store->stats().retention.slices;
  const auto later = std::chrono::steady_clock::now() + 20 * options_.retry_interval;
  while (std::chrono::steady_clock::now() < later) std::this_thread::yield();
  EXPECT_LE(store->stats().retention.slices, slices + 1);
  EXPECT_LT(log_bytes(), options_.log_gather_bytes + kSliceBytes);
  EXPECT_EQ(person.execAndGet("SELECT count(*) FROM samples").getInt(), before);
  person.exec("COMMIT");
  ASSERT_TRUE(within_deadline([&] { return in("samples") == 0; }));
  EXPECT_EQ(samples_in_all(), 60000);
}

TEST_F(RetentionTest, AKillAnywhereInAPassNeitherLosesNorDoublesASample) {
  record(1, kHour, 20000, 1s);
  options_.retention = keep_;
  options_.retention.interval = 1ms;
  options_.retention.now = [] { return ClockReading{kHour + 480h}; };
  int killed_halfway = 0;
  for (int round = 0; round < 8; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      auto store = SampleStore::open(options_);
      for (;;) pause();
    }
    const std::int64_t before = in("samples");
    const auto deadline = std::chrono::steady_clock::now() + kFlushTimeout;
    while (before > 0 && in("samples") == before && std::chrono::steady_clock::now() < deadline) {
    }
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    EXPECT_EQ(samples_in_all(), 20000);
    EXPECT_EQ(ask("PRAGMA quick_check"), "ok");
    if (in("samples") > 0) ++killed_halfway;
  }
  EXPECT_GT(killed_halfway, 0);
}

// As version 3 left it: without auto_vacuum.
TEST_F(RetentionTest, ASmallFileOfAnOlderVersionIsRebuiltSoThatItCanShrink) {
  {
    SQLite::Database db(options_.database.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  }
  record(1, kHour, 3000, 1s);
  ASSERT_EQ(ask("PRAGMA auto_vacuum"), "0");
  const auto before =
      ask("SELECT count(*) || ' ' || sum(id) || ' ' || sum(rss_bytes) FROM samples");
  options_.retention = keep_;
  options_.retention.now = [] { return ClockReading{kHour}; };
  const auto store = open();
  EXPECT_EQ(store->startup_notice(), "");
  EXPECT_EQ(ask("PRAGMA auto_vacuum"), "2");
  EXPECT_EQ(ask("SELECT count(*) || ' ' || sum(id) || ' ' || sum(rss_bytes) FROM samples"), before);
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
}

TEST_F(RetentionTest, TheNewestReadingOfTheClockIsLeftForLaterRuns) {
  record(1, kHour, 10, 1s);
  EXPECT_FALSE(reader().clock().value().has_value());
  for (const ClockReading& now :
       {ClockReading{kHour, 10h, 1h}, ClockReading{kHour + 1h, 10h, 2h}}) {
    pass(now);
    const ClockReading left = reader().clock().value().value();
    EXPECT_EQ(left.wall, now.wall);
    EXPECT_EQ(left.ahead, now.ahead);
    EXPECT_EQ(left.steady, now.steady);
  }
}

TEST_F(RetentionTest, WhatTheClockIsAheadMakesNothingOldAndTheBytesTakeNoHours) {
  record(1, kHour, 7200, 1s);
  pass(kHour + 480h);
  pass(kHour + 480h);
  const std::int64_t hours = in("hours");
  ASSERT_GT(hours, 0);
  record(2, kHour + 480h, 100, 1s);
  keep_.limit_bytes = 1;
  constexpr milliseconds kTenYears = 24h * 3650;
  pass(ClockReading{kHour + 481h + kTenYears, kTenYears});
  EXPECT_EQ(in("hours"), hours);
  EXPECT_EQ(in("samples"), 100);
  pass(kHour + 481h + kTenYears);
  EXPECT_EQ(in("samples"), 0);
}

TEST(SlicePace, LearnsHowMuchFitsIntoTenMilliseconds) {
  SlicePace pace;
  for (int i = 0; i < 50; ++i) pace.took(pace.limit_units(), pace.limit_units() * 20us);
  EXPECT_NEAR(pace.limit_units(), 500, 100);
  pace.took(pace.limit_units(), 400ms);  // a slow disk
  EXPECT_LT(pace.limit_units(), 200);
  for (int i = 0; i < 50; ++i) pace.took(0, 1us);  // nothing to do teaches nothing
  EXPECT_LT(pace.limit_units(), 200);
}

}  // namespace
}  // namespace soakwatch
