// What becomes of alerts that are over, and of the histories of those that are open.
#include "retention_fixture.h"
#include "storage/alert_writer.h"

namespace soakwatch {
namespace {

class HistoryExpiryTest : public RetentionTest {
 protected:
  // Pending, then `end`, each with a row of its history.
  AlertId alert(SampleStore& store, InstanceId instance, WallTime time, AlertState end) const {
    Alert alert;
    alert.id = store.next_alert_id();
    alert.target = *store.known_target("a");
    alert.instance = instance;
    alert.finding.detector = "fd_growth";
    alert.state = AlertState::kPending;
    store.add_alert_transition({alert, AlertState::kInactive, time, "seen"});
    alert.state = end;
    store.add_alert_transition({alert, AlertState::kPending, time + 1s, "next"});
    return alert.id;
  }
  std::string ids(const std::string& table, const std::string& column = "id") const {
    return ask("SELECT coalesce(group_concat(" + column + "), '') FROM (SELECT DISTINCT " + column +
               " FROM " + table + " ORDER BY 1)");
  }
};

TEST_F(HistoryExpiryTest, AlertsThatAreOverGoWithTheirHistoriesWhenTheyAreOld) {
  const InstanceId leaked = record(1, kHour, 1, 1s);
  const InstanceId leaks = record(2, kHour, 1, 1s);
  {
    const auto store = open();
    EXPECT_EQ(alert(*store, leaked, kHour, AlertState::kResolved), 1);
    EXPECT_EQ(alert(*store, leaked, kHour, AlertState::kInactive), 2);
    EXPECT_EQ(alert(*store, leaks, kHour, AlertState::kFiring), 3);
    EXPECT_EQ(alert(*store, leaks, kHour, AlertState::kPlateau), 4);
    EXPECT_EQ(alert(*store, leaks, kHour, AlertState::kPending), 5);
    EXPECT_EQ(alert(*store, leaks, kHour + 200h, AlertState::kResolved), 6);
    EXPECT_EQ(alert(*store, leaks, kHour, AlertState::kResolved), 7);
  }
  pass(kHour + 2400h);
  EXPECT_EQ(ids("alerts"), "1,2,3,4,5,6,7");  // not yet
  pass(kHour + 2402h);
  EXPECT_EQ(ids("alerts"), "3,4,5,6,7");  // 7: the newest, whose id must not come again
  EXPECT_EQ(ids("alert_history", "alert_id"), "3,4,5,6,7");
  EXPECT_EQ(in("alert_history"), 10);
  EXPECT_EQ(ids("instances"), std::to_string(leaks));  // nothing pins the other any more
  pass(kHour + 2700h);
  EXPECT_EQ(ids("alerts"), "3,4,5,7");
  EXPECT_EQ(reader().alert_history(3).value().size(), 2U);
  EXPECT_FALSE(reader().alert(1).value());
  const auto store = open();  // with its roster and its ids
  EXPECT_EQ(store->next_alert_id(), 8);
  EXPECT_EQ(store->startup_notice(), "");
}

TEST_F(HistoryExpiryTest, BeyondTheLimitTheOldestThatAreOverGo) {
  const InstanceId id = record(1, kHour, 1, 1s);
  {
    const auto store = open();
    alert(*store, id, kHour, AlertState::kFiring);
    for (int i = 0; i < 30; ++i) alert(*store, id, kHour + i * 60s, AlertState::kResolved);
    // Opened before the others, and over after them.
    Alert late;
    late.id = 2;
    late.target = *store->known_target("a");
    late.instance = id;
    late.state = AlertState::kResolved;
    store->add_alert_transition({late, AlertState::kFiring, kHour + 1h, ""});
  }
  keep_.limit_alerts = 10;
  pass(kHour + 2h, 50);
  EXPECT_EQ(ids("alerts"), "1,2,23,24,25,26,27,28,29,30,31");
  EXPECT_EQ(ids("alert_history", "alert_id"), ids("alerts"));
  EXPECT_EQ(in("alert_history"), 23);
  pass(kHour + 2h);
  EXPECT_EQ(in("alerts"), 11);
}

TEST_F(HistoryExpiryTest, ACaptureOutlivesItsAlertAndPinsItsInstance) {
  const InstanceId id = record(1, kHour, 1, 1s);
  {
    const auto store = open();
    Capture capture;
    capture.id = store->next_capture_id();
    capture.target = *store->known_target("a");
    capture.instance = id;
    capture.time = kHour;
    capture.alert = alert(*store, id, kHour, AlertState::kResolved);
    capture.file = "x.pb.gz";
    store->add_capture(capture);
    alert(*store, 0, kHour + 2390h, AlertState::kResolved);
  }
  pass(kHour + 2500h);
  EXPECT_EQ(ids("alerts"), "2");
  EXPECT_EQ(ask("SELECT alert_id FROM captures"), "1");
  EXPECT_EQ(reader().captures({}).value().at(0).alert, AlertId{1});
  EXPECT_EQ(ids("instances"), std::to_string(id));
}

TEST_F(HistoryExpiryTest, AnOpenAlertKeepsItsFirstAndItsNewestChanges) {
  const InstanceId id = record(1, kHour, 1, 1s);
  const auto store = open();
  Alert alert;
  alert.id = store->next_alert_id();
  alert.target = *store->known_target("a");
  alert.instance = id;
  constexpr int kChanges = kKeptAlertChanges + 200;
  for (int i = 0; i < kChanges; ++i) {
    alert.state = i % 2 == 0 ? AlertState::kFiring : AlertState::kPlateau;
    store->add_alert_transition({alert, AlertState::kFiring, kHour + i * 1s, std::to_string(i)});
  }
  ASSERT_TRUE(store->flush(kFlushTimeout));
  const auto history = reader().alert_history(alert.id).value();
  ASSERT_EQ(history.size(), kKeptAlertChanges + 1U);
  EXPECT_EQ(history[0].reason, "0");
  EXPECT_EQ(history[1].reason, "200");
  EXPECT_EQ(history.back().reason, std::to_string(kChanges - 1));
}

TEST_F(HistoryExpiryTest, ASliceEndsWithTheStepInWhichItsTimeIsUp) {
  record(1, kHour, 5000, 1s);
  const auto db = connect_writer(options_.database);
  Retention retention(*db, keep_);
  SliceLimit limit{2000};
  int asked = 0;
  limit.time_is_up = [&] { return ++asked >= 3; };
  const auto slice = retention.work({kHour + 480h}, limit);
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(slice.more);
  EXPECT_GT(slice.expired_rows, 0);
  EXPECT_LE(slice.units, 3 * 61);
  limit.time_is_up = [] { return true; };  // each slice a step, and the pass comes to its end
  while (retention.work({kHour + 480h}, limit).more) {
  }
  EXPECT_EQ(samples_in_all(), 5000);
  EXPECT_EQ(in("hours"), 2);
}

TEST_F(HistoryExpiryTest, ALargeBucketIsCutWhenTheTimeIsUp) {
  record(1, kHour, 5000, 10ms);  // 50 s
  const auto db = connect_writer(options_.database);
  Retention retention(*db, keep_);
  SliceLimit limit{2000};
  limit.time_is_up = [] { return true; };
  int largest = 0;
  for (bool more = true; more;) {
    const auto slice = retention.work({kHour + 48h}, limit);
    largest = std::max(largest, slice.units);
    more = slice.more;
  }
  EXPECT_LE(largest, 70);
  EXPECT_EQ(samples_in_all(), 5000);
  EXPECT_EQ(in("minutes"), 1);
}

}  // namespace
}  // namespace soakwatch
