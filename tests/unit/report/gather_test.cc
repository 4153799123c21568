#include <gmock/gmock.h>

#include "report/report_data.h"
#include "tests/unit/storage/store_fixture.h"

namespace soakwatch {
namespace {

using std::chrono::minutes;

class Gather : public StoreTest {
 protected:
  // Two processes of `sidecar`, a minute of samples each, one a second; and another target.
  void fill() {
    auto store = open();
    target_ = store->target_id("sidecar", name_spec("sidecar"), kNow);
    first_ = store->instance_id(target_, process(10), kNow).id;
    second_ = store->instance_id(target_, process(11, 200), kNow + minutes(2)).id;
    for (int i = 0; i < 60; ++i) store->add_sample(sample(first_, kNow + seconds(i), 1000 + i));
    for (int i = 0; i < 60; ++i) {
      const int at = i < 30 ? i : i + 100;  // a hole
      store->add_sample(sample(second_, kNow + minutes(2) + seconds(at), 2000 + i));
    }
    store->end_instance({first_, kNow + seconds(60), "process ended"});
    store->add_event({kNow, EventKind::kDaemonStarted, 0, 0, "version 1"});
    store->add_event(
        {kNow + minutes(2), EventKind::kInstanceRestarted, target_, second_, "pid 11"});
    const TargetId other = store->target_id("other", name_spec("other"), kNow);
    store->add_sample(
        sample(store->instance_id(other, process(12, 300), kNow).id, kNow + minutes(60), 5));
    heap_ = add_alert(*store, "live_heap_growth", Metric::kHeapAllocBytes, "goroutine_growth");
    goroutines_ = add_alert(*store, "goroutine_growth", Metric::kRssBytes, "");
    ASSERT_TRUE(store->close(kFlushTimeout));
  }

  AlertId add_alert(SampleStore& store, const char* detector, Metric metric, const char* root) {
    Alert alert;
    alert.id = store.next_alert_id();
    alert.target = target_;
    alert.target_name = "sidecar";
    alert.instance = second_;
    alert.pid = 11;
    alert.finding.detector = detector;
    alert.finding.metric = metric;
    alert.finding.root = root;
    alert.finding.since = kNow + minutes(2);
    alert.pending_since = kNow + minutes(3);
    alert.state = AlertState::kPending;
    alert.updated = alert.pending_since;
    store.add_alert_transition({alert, AlertState::kInactive, alert.pending_since, "seen"});
    alert.state = AlertState::kFiring;
    alert.fired_at = alert.updated = kNow + minutes(4);
    store.add_alert_transition({alert, AlertState::kPending, *alert.fired_at, "held"});
    return alert.id;
  }

  ReportData gathered(const ReportQuery& query = {}) {
    SampleReader r = reader();
    return gather(r, query, kNow + minutes(90)).value();
  }

  TargetId target_ = 0;
  InstanceId first_ = 0;
  InstanceId second_ = 0;
  AlertId heap_ = 0;
  AlertId goroutines_ = 0;
};

TEST_F(Gather, BringsAllOfTheTargetThatIsMostUrgent) {
  fill();
  const ReportData data = gathered();
  EXPECT_EQ(data.target.name, "sidecar");
  EXPECT_EQ(data.target.spec, "name:sidecar");
  EXPECT_EQ(data.samples, 120);
  EXPECT_EQ(data.first, kNow);
  EXPECT_EQ(data.last, kNow + minutes(2) + seconds(159));
  EXPECT_EQ(data.interval, milliseconds(1000));
  ASSERT_EQ(data.instances.size(), 2U);
  EXPECT_EQ(data.instances[0].samples, 60);
  EXPECT_EQ(data.instances[0].row.end_reason, "process ended");
  EXPECT_EQ(data.instances[1].first, kNow + minutes(2));
  ASSERT_EQ(data.series.size(), 1U);
  EXPECT_EQ(data.series[0].data.samples, 120);
  EXPECT_EQ(data.series[0].data.max, 2059);
  EXPECT_EQ(data.events.size(), 2U) << "the daemon's as well";
  ASSERT_EQ(data.others.size(), 1U);
  EXPECT_EQ(data.others[0].name, "other");
  EXPECT_EQ(status_of(data), ReportStatus::kLeak);
}

TEST_F(Gather, FindsTheHoleButNotTheRestart) {
  fill();
  const ReportData data = gathered();
  ASSERT_EQ(data.gaps.size(), 1U);
  EXPECT_EQ(data.gaps[0].instance, second_);
  EXPECT_EQ(data.gaps[0].to - data.gaps[0].from, seconds(101));
}

TEST_F(Gather, PutsTheRootBeforeWhatItExplains) {
  fill();
  const ReportData data = gathered();
  ASSERT_EQ(data.alerts.size(), 2U);
  EXPECT_EQ(data.alerts[0].alert.id, goroutines_);
  EXPECT_FALSE(data.alerts[0].root);
  EXPECT_EQ(data.alerts[0].history.size(), 2U);
  ASSERT_TRUE(data.alerts[0].floor) << "its metric was sampled";
  EXPECT_NEAR(data.alerts[0].floor->slope_per_hour.value, 29 * 3600 / 159.0, 2000);
  EXPECT_EQ(data.alerts[1].alert.id, heap_);
  EXPECT_EQ(data.alerts[1].root, goroutines_);
  EXPECT_FALSE(data.alerts[1].floor);
}

TEST_F(Gather, ShowsAlertsAsTheyWereWhenTheReportEnds) {
  fill();
  ReportQuery query;
  query.target = "sidecar";
  query.until = kNow + minutes(3) + seconds(30);
  ReportData data = gathered(query);
  ASSERT_EQ(data.alerts.size(), 2U);
  EXPECT_EQ(data.alerts[0].alert.state, AlertState::kPending);
  EXPECT_EQ(data.alerts[0].history.size(), 1U);
  EXPECT_EQ(status_of(data), ReportStatus::kSuspicion);
  query.until = kNow + minutes(1);
  data = gathered(query);
  EXPECT_TRUE(data.alerts.empty());
  EXPECT_EQ(data.instances.size(), 1U) << "the second began later";
  EXPECT_EQ(data.samples, 60);
  EXPECT_EQ(status_of(data), ReportStatus::kQuiet);
  data.smallest_detectable.resize(1);
  EXPECT_EQ(status_of(data), ReportStatus::kTooShort);
  data.smallest_detectable[0].slope_per_hour = 5;
  EXPECT_EQ(status_of(data), ReportStatus::kQuiet);
}

TEST_F(Gather, TakesSamplesFromItsTimeOnly) {
  fill();
  ReportQuery query;
  query.target = "sidecar";
  query.since = kNow + seconds(50);
  query.until = kNow + minutes(2) + seconds(10);
  const ReportData data = gathered(query);
  EXPECT_EQ(data.samples, 20);
  EXPECT_EQ(data.series[0].data.min, 1050);
  EXPECT_EQ(data.series[0].data.max, 2009);
}

TEST_F(Gather, ReportsATargetWithOneSampleAndNoAlert) {
  fill();
  ReportQuery query;
  query.target = "other";
  const ReportData data = gathered(query);
  EXPECT_EQ(data.samples, 1);
  EXPECT_FALSE(data.interval);
  EXPECT_TRUE(data.alerts.empty());
  EXPECT_FALSE(data.series[0].floor);
}

TEST_F(Gather, SaysThatATargetIsNotThere) {
  open()->close(kFlushTimeout).value();
  SampleReader r = reader();
  EXPECT_EQ(gather(r, {}, kNow).error().kind, ErrorKind::kNotFound);
  fill();
  ReportQuery query;
  query.target = "sidecra";
  SampleReader again = reader();
  EXPECT_EQ(gather(again, query, kNow).error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace soakwatch
