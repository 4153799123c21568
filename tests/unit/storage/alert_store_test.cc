// Alerts as stored and as read back.
#include <cmath>
#include <limits>

#include "store_fixture.h"

namespace soakwatch {
namespace {

class AlertStoreTest : public StoreTest {
 protected:
  static Alert pending_alert(AlertId id, TargetId target) {
    Alert alert;
    alert.id = id;
    alert.target = target;
    alert.target_name = "sidecar";
    alert.instance = 4;
    alert.pid = 4711;
    alert.state = AlertState::kPending;
    alert.pending_since = kNow;
    Finding& finding = alert.finding;
    finding.detector = "goroutine_growth";
    finding.metric = Metric::kGoroutines;
    finding.severity = Severity::kCritical;
    finding.base = 20;
    finding.current = 1234.5;
    finding.slope_per_hour = 240.25;
    finding.slope_low = 200;
    finding.slope_high = 280;
    finding.since = kNow - std::chrono::hours(2);
    finding.span = std::chrono::hours(3);
    finding.gates = {{"size", true, 1214.5, 100, "growth in goroutines, at least"},
                     {"order", false, 0.25, 0.5, "a \"quoted\" share,\nat most"}};
    finding.summary = "goroutines grow by 240 an hour";
    finding.grade = Grade::kSuspect;
    finding.is_leak = false;
    finding.cause = "goroutines that never end";
    finding.root = "fd_growth";
    finding.limit = Limit{"memory.max of the cgroup", 1e9, std::chrono::minutes(110)};
    finding.ruled_out = {"more work: \"load\" grew by 3 %,\nno more", ""};
    finding.culprits = {
        {CaptureKind::kGoroutine,
         "main.(*pool).work",
         "pool.go:42",
         "chan receive",
         Unit::kCount,
         20,
         1200,
         0.97,
         {"runtime.gopark (proc.go:381)", "main.(*pool).work (pool.go:42)"}},
        {CaptureKind::kHeap, "main.\"cache\" \u00e9", "", "", Unit::kBytes, 0, 1e9, 0.03, {}}};
    finding.probe = "97 % of the growth waits in main.(*pool).work";
    return alert;
  }
  static void expect_same(const Culprit& a, const Culprit& b) {
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.location, b.location);
    EXPECT_EQ(a.state, b.state);
    EXPECT_EQ(a.unit, b.unit);
    EXPECT_EQ(a.before, b.before);
    EXPECT_EQ(a.now, b.now);
    EXPECT_EQ(a.share, b.share);
    EXPECT_EQ(a.stack, b.stack);
  }
  static void expect_same(const Alert& a, const Alert& b) {
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.target, b.target);
    EXPECT_EQ(a.target_name, b.target_name);
    EXPECT_EQ(a.instance, b.instance);
    EXPECT_EQ(a.pid, b.pid);
    EXPECT_EQ(a.state, b.state);
    EXPECT_EQ(a.pending_since, b.pending_since);
    EXPECT_EQ(a.fired_at, b.fired_at);
    EXPECT_EQ(a.resolved_at, b.resolved_at);
    EXPECT_EQ(a.quiet_since, b.quiet_since);
    EXPECT_EQ(a.alert_since, b.alert_since);
    EXPECT_EQ(a.told, b.told);
    const Finding& f = a.finding;
    const Finding& g = b.finding;
    EXPECT_EQ(f.detector, g.detector);
    EXPECT_EQ(f.metric, g.metric);
    EXPECT_EQ(f.severity, g.severity);
    EXPECT_EQ(f.base, g.base);
    EXPECT_EQ(f.current, g.current);
    EXPECT_EQ(f.slope_per_hour, g.slope_per_hour);
    EXPECT_EQ(f.slope_low, g.slope_low);
    EXPECT_EQ(f.slope_high, g.slope_high);
    EXPECT_EQ(f.since, g.since);
    EXPECT_EQ(f.span, g.span);
    EXPECT_EQ(f.summary, g.summary);
    EXPECT_EQ(f.grade, g.grade);
    EXPECT_EQ(f.phase, g.phase);
    EXPECT_EQ(f.is_leak, g.is_leak);
    EXPECT_EQ(f.cause, g.cause);
    EXPECT_EQ(f.root, g.root);
    EXPECT_EQ(f.ruled_out, g.ruled_out);
    EXPECT_EQ(f.probe, g.probe);
    ASSERT_EQ(f.culprits.size(), g.culprits.size());
    for (std::size_t i = 0; i < f.culprits.size(); ++i) {
      expect_same(f.culprits[i], g.culprits[i]);
    }
    ASSERT_EQ(f.limit.has_value(), g.limit.has_value());
    if (f.limit) {
      EXPECT_EQ(f.limit->name, g.limit->name);
      EXPECT_EQ(f.limit->value, g.limit->value);
      EXPECT_EQ(f.limit->time_left, g.limit->time_left);
    }
    ASSERT_EQ(f.gates.size(), g.gates.size());
    for (std::size_t i = 0; i < f.gates.size(); ++i) {
      EXPECT_EQ(f.gates[i].name, g.gates[i].name);
      EXPECT_EQ(f.gates[i].passed, g.gates[i].passed);
      EXPECT_EQ(f.gates[i].measured, g.gates[i].measured);
      EXPECT_EQ(f.gates[i].threshold, g.gates[i].threshold);
      EXPECT_EQ(f.gates[i].meaning, g.gates[i].meaning);
    }
  }
};

TEST_F(AlertStoreTest, ComesBackWholeWithItsHistory) {
  Alert pending;
  Alert firing;
  {
    const auto store = open();
    const TargetId target = store->target_id("sidecar", {}, kNow);
    pending = pending_alert(store->next_alert_id(), target);
    store->add_alert_transition({pending, AlertState::kInactive, kNow, "condition met"});
    firing = pending;
    firing.state = AlertState::kFiring;
    firing.alert_since = kNow + seconds(200);
    firing.fired_at = kNow + seconds(300);
    firing.told = true;
    firing.finding.grade = Grade::kAlert;
    firing.finding.is_leak = true;
    firing.finding.limit.reset();
    firing.quiet_since = kNow + seconds(400);
    firing.finding.culprits.pop_back();
    firing.finding.probe.clear();
    firing.finding.current = 2000;
    store->add_alert_transition({firing, AlertState::kPending, kNow + seconds(300), "held for 5m"});
  }
  SampleReader r = reader();
  const auto open_alerts = r.alerts(true, 10).value();
  ASSERT_EQ(open_alerts.size(), 1U);
  expect_same(open_alerts[0], firing);
  const auto one = r.alert(firing.id).value();
  ASSERT_TRUE(one);
  expect_same(*one, firing);
  const auto history = r.alert_history(firing.id).value();
  ASSERT_EQ(history.size(), 2U);
  expect_same(history[0].alert, pending);
  EXPECT_EQ(history[0].from, AlertState::kInactive);
  EXPECT_EQ(history[0].time, kNow);
  EXPECT_EQ(history[0].alert.updated, kNow);
  EXPECT_EQ(one->updated, kNow + seconds(300));
  expect_same(history[1].alert, firing);
  EXPECT_EQ(history[1].from, AlertState::kPending);
  EXPECT_EQ(history[1].reason, "held for 5m");
}

TEST_F(AlertStoreTest, AResolvedAlertIsNoLongerOpen) {
  const auto store = open();
  Alert alert = pending_alert(store->next_alert_id(), store->target_id("sidecar", {}, kNow));
  store->add_alert_transition({alert, AlertState::kInactive, kNow, ""});
  alert.state = AlertState::kResolved;
  alert.resolved_at = kNow + seconds(1);
  store->add_alert_transition({alert, AlertState::kFiring, kNow + seconds(1), "process ended"});
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_TRUE(reader().alerts(true, 10).value().empty());
  EXPECT_EQ(reader().alerts(false, 10).value().at(0).resolved_at, kNow + seconds(1));
}

TEST_F(AlertStoreTest, APlateauIsOpen) {
  const auto store = open();
  Alert alert = pending_alert(store->next_alert_id(), store->target_id("sidecar", {}, kNow));
  alert.state = AlertState::kPlateau;
  alert.finding.phase = Phase::kPlateau;
  store->add_alert_transition({alert, AlertState::kFiring, kNow, "stopped growing"});
  ASSERT_TRUE(store->flush(kFlushTimeout));
  const auto open_alerts = reader().alerts(true, 10).value();
  ASSERT_EQ(open_alerts.size(), 1U);
  expect_same(open_alerts[0], alert);
}

TEST_F(AlertStoreTest, ListsTheNewestFirstAndNeverGivesAnIdTwice) {
  AlertId last = 0;
  {
    const auto store = open();
    const TargetId target = store->target_id("sidecar", {}, kNow);
    for (int i = 0; i < 3; ++i) {
      last = store->next_alert_id();
      store->add_alert_transition({pending_alert(last, target), AlertState::kInactive, kNow, ""});
    }
  }
  EXPECT_EQ(open()->next_alert_id(), last + 1);
  const auto two = reader().alerts(false, 2).value();
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].id, last);
  EXPECT_EQ(two[1].id, last - 1);
}

TEST_F(AlertStoreTest, FiguresThatAreNotFiniteComeBackAsNotANumber) {
  const auto store = open();
  Alert alert = pending_alert(store->next_alert_id(), store->target_id("sidecar", {}, kNow));
  alert.finding.slope_high = std::numeric_limits<double>::infinity();
  alert.finding.gates[0].measured = std::numeric_limits<double>::quiet_NaN();
  store->add_alert_transition({alert, AlertState::kInactive, kNow, ""});
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(store->stats().rejected_rows, 0U);
  const Alert back = *reader().alert(alert.id).value();
  EXPECT_TRUE(std::isnan(back.finding.slope_high));
  EXPECT_TRUE(std::isnan(back.finding.gates.at(0).measured));
  EXPECT_EQ(back.finding.gates.at(1).measured, 0.25);
}

TEST_F(AlertStoreTest, CulpritsOfAHostileProcessAreBounded) {
  const auto store = open();
  Alert alert = pending_alert(store->next_alert_id(), store->target_id("sidecar", {}, kNow));
  Culprit& first = alert.finding.culprits[0];
  first.name = std::string(100000, 'n');
  first.location = "a\xff\x1b[2J";
  first.stack.assign(100, std::string(1000, 's'));
  first.before = std::numeric_limits<double>::quiet_NaN();
  for (int i = 0; i < 20; ++i) alert.finding.culprits.push_back(alert.finding.culprits[0]);
  store->add_alert_transition({alert, AlertState::kInactive, kNow, ""});
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(store->stats().rejected_rows, 0U);
  const auto back = reader().alert(alert.id).value()->finding.culprits;
  ASSERT_EQ(back.size(), 10U);
  EXPECT_LT(back[0].name.size(), 400U);
  EXPECT_EQ(back[0].name.substr(0, 300), std::string(300, 'n'));
  EXPECT_EQ(back[0].location, "a\\xff\\x1b[2J");
  EXPECT_TRUE(std::isnan(back[0].before));
  EXPECT_EQ(back[0].now, 1200);
  ASSERT_EQ(back[0].stack.size(), 64U);
  EXPECT_LT(back[0].stack[63].size(), 400U);
  EXPECT_EQ(back[1].kind, CaptureKind::kHeap);
}

TEST_F(AlertStoreTest, WhatIsNoCulpritIsLeftOut) {
  const auto store = open();
  const Alert alert = pending_alert(store->next_alert_id(), store->target_id("a", {}, kNow));
  store->add_alert_transition({alert, AlertState::kInactive, kNow, ""});
  ASSERT_TRUE(store->flush(kFlushTimeout));
  const auto culprits_of = [&](const std::string& json) {
    SQLite::Database(options_.database.string(), SQLite::OPEN_READWRITE)
        .exec("UPDATE alerts SET culprits = '" + json + "'");
    return reader().alert(alert.id).value()->finding.culprits;
  };
  EXPECT_TRUE(culprits_of("no json").empty());
  EXPECT_TRUE(culprits_of("{}").empty());
  EXPECT_TRUE(culprits_of(std::string(5000, '[')).empty());
  const auto some = culprits_of(
      R"([7, {"kind": "futures"}, {"kind": "fds", "name": 3, "unit": "ells", "stack": [1, "s"]}])");
  ASSERT_EQ(some.size(), 1U);
  EXPECT_EQ(some[0].kind, CaptureKind::kFds);
  EXPECT_EQ(some[0].name, "");
  EXPECT_EQ(some[0].unit, Unit::kCount);
  EXPECT_TRUE(std::isnan(some[0].now));
  EXPECT_EQ(some[0].stack, std::vector<std::string>{"s"});
}

TEST_F(AlertStoreTest, AnUnknownIdIsNoAlert) {
  open().reset();
  EXPECT_FALSE(reader().alert(99).value());
  EXPECT_TRUE(reader().alert_history(99).value().empty());
}

}  // namespace
}  // namespace soakwatch
