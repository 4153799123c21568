// A file of an older version: brought up to date by a writer with its rows kept, refused by a
// reader.
#include "storage/schema.h"
#include "store_fixture.h"

namespace soakwatch {
namespace {

// As version 1 left it, with a firing, a pending and a resolved alert.
class MigrationTest : public StoreTest {
 protected:
  MigrationTest() {
    SQLite::Database db(options_.database.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    if (!migrate(db, {schema_migrations().front()})) throw std::runtime_error("version 1");
    db.exec(R"sql(
      INSERT INTO targets VALUES (1, 'sidecar', 'name:sidecar', 1000);
      INSERT INTO instances VALUES (2, 1, 'boot-1', 7, 100, 'sidecar', '/usr/bin/sidecar',
                                    'sidecar --serve', 50, 1000000000, 1000, NULL, NULL);
      INSERT INTO samples (id, instance_id, time_ms, monotonic_ms, rss_bytes)
        VALUES (3, 2, 2000, 500, 4096);
      INSERT INTO events VALUES (4, 1000, 'instance_started', 1, 2, 'pid 7');
      INSERT INTO alerts VALUES
        (5, 1, 'fd_growth', 'open_fds', 'firing', 9000, 2, 7, 'warning', 10, 90, 40, 30, 50, 1000,
         8000, '[]', 'fds grew', 7000, 9000, NULL, NULL),
        (6, 1, 'goroutine_growth', 'goroutines', 'pending', 9000, 2, 7, 'warning', 10, 90, 40, 30,
         50, 1000, 8000, '[]', 'goroutines grew', 7000, NULL, NULL, NULL);
      INSERT INTO alert_history VALUES
        (1, 5, 9000, 'pending', 'firing', 'held for 2s', 2, 7, 'warning', 10, 90, 40, 30, 50, 1000,
         8000, '[]', 'fds grew', 7000, 9000, NULL, NULL);
    )sql");
  }
};

TEST_F(MigrationTest, AWriterKeepsEveryRowOfVersion1) {
  open().reset();
  EXPECT_EQ(ask("PRAGMA user_version"), std::to_string(schema_version()));
  SampleReader r = reader();
  const auto instances = r.instances().value();
  ASSERT_EQ(instances.size(), 1U);
  EXPECT_EQ(instances[0].process.id, process(7).id);
  EXPECT_EQ(instances[0].process.gogc_percent, 50.0);
  EXPECT_EQ(instances[0].process.gomemlimit_bytes, 1e9);
  EXPECT_EQ(instances[0].first_seen, from_unix_ms(1000));
  EXPECT_EQ(instances[0].process.limits.open_files, std::nullopt);  // not known, and not 0
  EXPECT_EQ(instances[0].process.limits.memory_bytes, std::nullopt);
  EXPECT_EQ(instances[0].process.limits.tasks, std::nullopt);
  const auto samples = rows();
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].sample.values.get(Metric::kRssBytes), 4096.0);
  EXPECT_EQ(r.events(TargetId{1}, std::nullopt, 10).value().size(), 1U);
}

TEST_F(MigrationTest, ItsAlertsWereNoSuspicionsAndWereTold) {
  open().reset();
  SampleReader r = reader();
  const Alert firing = *r.alert(5).value();
  EXPECT_EQ(firing.state, AlertState::kFiring);
  EXPECT_EQ(firing.finding.grade, Grade::kAlert);
  EXPECT_TRUE(firing.finding.is_leak);
  EXPECT_EQ(firing.finding.slope_high, 50);
  EXPECT_EQ(firing.fired_at, from_unix_ms(9000));
  EXPECT_FALSE(firing.finding.limit);
  EXPECT_TRUE(firing.finding.ruled_out.empty());
  EXPECT_TRUE(firing.told);
  EXPECT_TRUE(firing.finding.culprits.empty());
  EXPECT_EQ(firing.finding.probe, "");
  const Alert pending = *r.alert(6).value();
  EXPECT_EQ(pending.alert_since, pending.pending_since);  // its wait goes on
  EXPECT_FALSE(pending.told);
  const auto history = r.alert_history(5).value();
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history[0].reason, "held for 2s");
}

TEST_F(MigrationTest, AFileBroughtUpToDateIsWrittenLikeANewOne) {
  const auto store = open();
  EXPECT_TRUE(store->instance_id(1, process(7), kNow).known);
  Alert alert = *reader().alert(5).value();
  alert.state = AlertState::kPlateau;
  store->add_alert_transition({alert, AlertState::kFiring, kNow, "stopped growing"});
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(store->stats().rejected_rows, 0U);
  EXPECT_EQ(reader().alert(5).value()->state, AlertState::kPlateau);
  EXPECT_EQ(reader().alert_history(5).value().size(), 2U);
}

TEST_F(MigrationTest, AReaderOfVersion1SaysWhatToDo) {
  const auto refused = SampleReader::open(options_.database);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(refused.error().message.find("has version 1, not yet 7: start soakwatchd with it"),
            std::string::npos)
      << refused.error().message;
  EXPECT_EQ(ask("PRAGMA user_version"), "1");
}

// As version 2 left it.
class MigrationFrom2Test : public StoreTest {
 protected:
  MigrationFrom2Test() {
    SQLite::Database db(options_.database.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    const auto& all = schema_migrations();
    if (!migrate(db, {all[0], all[1]})) throw std::runtime_error("version 2");
    db.exec(R"sql(
      INSERT INTO targets VALUES (1, 'sidecar', 'name:sidecar', 1000);
      INSERT INTO instances VALUES (2, 1, 'boot-1', 7, 100, 'sidecar', '/usr/bin/sidecar',
                                    'sidecar --serve', 50, 1000000000, 1000, NULL, NULL, 1024,
                                    NULL, NULL);
      INSERT INTO samples (id, instance_id, time_ms, monotonic_ms, rss_bytes)
        VALUES (3, 2, 2000, 500, 4096);
      INSERT INTO alerts VALUES
        (5, 1, 'fd_growth', 'open_fds', 'firing', 9000, 2, 7, 'warning', 10, 90, 40, 30, 50, 1000,
         8000, '[]', 'fds grew', 7000, 9000, NULL, NULL, 'alert', 1, 'sockets', 'goroutine_growth',
         'RLIMIT_NOFILE', 1024, 60000, '["load"]', 8000, 1);
      INSERT INTO alert_history VALUES
        (1, 5, 9000, 'pending', 'firing', 'held for 2s', 2, 7, 'warning', 10, 90, 40, 30, 50, 1000,
         8000, '[]', 'fds grew', 7000, 9000, NULL, NULL, 'alert', 1, 'sockets', 'goroutine_growth',
         'RLIMIT_NOFILE', 1024, 60000, '["load"]', 8000, 1);
    )sql");
  }
};

TEST_F(MigrationFrom2Test, AWriterKeepsEveryRowOfVersion2) {
  open().reset();
  EXPECT_EQ(ask("PRAGMA user_version"), std::to_string(schema_version()));
  SampleReader r = reader();
  EXPECT_EQ(r.instances().value().at(0).process.limits.open_files, 1024.0);
  EXPECT_EQ(rows().at(0).sample.values.get(Metric::kRssBytes), 4096.0);
  const auto history = r.alert_history(5).value();
  ASSERT_EQ(history.size(), 1U);
  for (const Alert& alert : {*r.alert(5).value(), history[0].alert}) {
    EXPECT_EQ(alert.state, AlertState::kFiring);
    EXPECT_EQ(alert.finding.cause, "sockets");
    EXPECT_EQ(alert.finding.limit.value_or(Limit{}).value, 1024);
    EXPECT_EQ(alert.finding.ruled_out, std::vector<std::string>{"load"});
    EXPECT_EQ(alert.alert_since, from_unix_ms(8000));
    EXPECT_TRUE(alert.told);
    EXPECT_TRUE(alert.finding.culprits.empty());
    EXPECT_EQ(alert.finding.probe, "");
  }
  EXPECT_TRUE(r.captures({}).value().empty());
}

TEST_F(MigrationFrom2Test, AFileBroughtUpToDateTakesCulpritsAndCaptures) {
  const auto store = open();
  Alert alert = *reader().alert(5).value();
  alert.finding.culprits = {{CaptureKind::kFds, "/tmp/*.db", "", "", Unit::kCount, 1, 90, 1, {}}};
  alert.finding.probe = "all of the growth is /tmp/*.db";
  store->add_alert_transition({alert, AlertState::kFiring, kNow, "looked into"});
  Capture capture;
  capture.id = store->next_capture_id();
  capture.target = 1;
  capture.instance = 2;
  store->add_capture(capture);
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(store->stats().rejected_rows, 0U);
  EXPECT_EQ(reader().alert(5).value()->finding.culprits.at(0).name, "/tmp/*.db");
  EXPECT_EQ(reader().alert_history(5).value().at(1).alert.finding.probe, alert.finding.probe);
  EXPECT_EQ(reader().captures({}).value().size(), 1U);
}

TEST_F(MigrationFrom2Test, AReaderOfVersion2SaysWhatToDo) {
  const auto refused = SampleReader::open(options_.database);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("has version 2, not yet 7: start soakwatchd with it"),
            std::string::npos)
      << refused.error().message;
}

// As version 3 left it, the last without tiers and the daemon's own figures.
class MigrationFrom3Test : public StoreTest {
 protected:
  MigrationFrom3Test() {
    SQLite::Database db(options_.database.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    const auto& all = schema_migrations();
    if (!migrate(db, {all[0], all[1], all[2]})) throw std::runtime_error("version 3");
    db.exec(R"sql(
      INSERT INTO targets VALUES (1, 'sidecar', 'name:sidecar', 1000);
      INSERT INTO instances VALUES (2, 1, 'boot-1', 7, 100, 'sidecar', '/usr/bin/sidecar',
                                    'sidecar --serve', 50, 1000000000, 1000, NULL, NULL, 1024,
                                    NULL, NULL);
      INSERT INTO samples (id, instance_id, time_ms, monotonic_ms, rss_bytes)
        VALUES (3, 2, 2000, 500, 4096), (4, 2, 3000, 1500, 8192);
      INSERT INTO captures VALUES (5, 1, 2, 'heap', 'baseline', 2500, NULL, 'heap.pb.gz', 100);
    )sql");
  }
};

TEST_F(MigrationFrom3Test, AWriterKeepsEveryRowOfVersion3) {
  options_.retention.now = [] {
    return ClockReading{from_unix_ms(10000)};
  };  // it is rebuilt so that it can shrink
  open().reset();
  EXPECT_EQ(ask("PRAGMA user_version"), std::to_string(schema_version()));
  EXPECT_EQ(ask("PRAGMA auto_vacuum"), "2");
  ASSERT_EQ(rows().size(), 2U);
  EXPECT_EQ(rows().at(1).sample.values.get(Metric::kRssBytes), 8192.0);
  EXPECT_EQ(reader().captures({}).value().at(0).id, 5);
  EXPECT_EQ(ask("SELECT count(*) FROM minutes") + ask("SELECT count(*) FROM daemon_stats"), "00");
}

TEST_F(MigrationFrom3Test, AReaderOfVersion3SaysWhatToDo) {
  const auto refused = SampleReader::open(options_.database);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("has version 3, not yet"), std::string::npos)
      << refused.error().message;
}

// As version 5 left it: 6 has only indexes besides, 7 the clock.
TEST_F(StoreTest, AWriterKeepsEveryRowOfVersion5) {
  {
    SQLite::Database db(options_.database.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    const auto& all = schema_migrations();
    ASSERT_TRUE(migrate(db, {all[0], all[1], all[2], all[3], all[4]}));
    db.exec(R"sql(
      INSERT INTO targets VALUES (1, 'sidecar', 'name:sidecar', 1000);
      INSERT INTO instances VALUES (2, 1, 'boot-1', 7, 100, 'sidecar', '/usr/bin/sidecar',
                                    'sidecar --serve', 50, 1000000000, 1000, NULL, NULL, 1024,
                                    NULL, NULL);
      INSERT INTO samples (id, instance_id, time_ms, monotonic_ms, rss_bytes)
        VALUES (3, 2, 2000, 500, 4096);
      INSERT INTO alerts VALUES
        (5, 1, 'fd_growth', 'open_fds', 'resolved', 9000, 2, 7, 'warning', 10, 90, 40, 30, 50, 1000,
         8000, '[]', 'fds grew', 7000, 9000, 9500, NULL, 'alert', 1, 'sockets', '',
         'RLIMIT_NOFILE', 1024, 60000, '["load"]', 8000, 1, '[]', 'looked');
      INSERT INTO captures (id, target_id, instance_id, kind, reason, time_ms, alert_id, file, bytes)
        VALUES (6, 1, 2, 'fds', 'firing', 9000, 5, 'a.txt.gz', 10);
      INSERT INTO daemon_stats (id, time_ms, pid) VALUES (7, 9000, 8);
    )sql");
  }
  open().reset();
  EXPECT_EQ(ask("PRAGMA user_version"), std::to_string(schema_version()));
  EXPECT_EQ(rows().size(), 1U);
  EXPECT_EQ(reader().alert(5).value()->finding.probe, "looked");
  EXPECT_EQ(ask("SELECT alert_id FROM captures"), "5");
  EXPECT_EQ(ask("SELECT pid FROM daemon_stats"), "8");
  EXPECT_EQ(ask("SELECT count(*) FROM sqlite_master WHERE name = 'alerts_over'"), "1");
}

}  // namespace
}  // namespace soakwatch
