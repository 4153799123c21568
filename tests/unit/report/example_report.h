// A report with everything in it, made by hand.
#pragma once

#include <cmath>

#include "report/report_data.h"

namespace soakwatch {

inline constexpr WallTime kEvening = from_unix_ms(1795125600000);  // 2026-11-19T22:00:00Z
inline constexpr int kExampleMinutes = 480;

inline Finding example_finding() {
  using std::chrono::hours;
  using std::chrono::minutes;
  Finding f;
  f.detector = "goroutine_growth";
  f.metric = Metric::kGoroutines;
  f.severity = Severity::kCritical;
  f.base = 54;
  f.current = 1694;
  f.slope_per_hour = 240;
  f.slope_low = 232;
  f.slope_high = 250;
  f.since = kEvening + minutes(70);
  f.span = hours(6);
  f.gates = {{"size", true, 1640, 50, "growth of the floor, at least"},
             {"order", true, 12, 41, "pairs of blocks that do not rise, at most"},
             {"levelling_off", true, 244, 120, "growth per hour in the last part, at least"},
             {"cold_start", true, 23000, 7200,
              "seconds of growth from the start, at least, unless calm before"}};
  f.summary = "goroutines grew from 54 to 1,694, +240/h";
  f.cause = "goroutines that do not end";
  f.limit = Limit{"memory.max of the cgroup", 9000, minutes(110)};
  f.ruled_out = {"more work: the load grew by 3 %",
                 "heap that is free and not yet returned: 10 % of the growth"};
  f.probe = "confirmed: in three looks the goroutines of one stack never fell";
  Culprit poller;
  poller.kind = CaptureKind::kGoroutine;
  poller.name = "example.com/sidecar/poll.(*Chain).wait";
  poller.location = "chain.go:214";
  poller.state = "chan receive";
  poller.before = 3;
  poller.now = 1612;
  poller.share = 0.981;
  poller.stack = {"runtime.gopark (proc.go:363)", "runtime.chanrecv (chan.go:583)",
                  "runtime.chanrecv1 (chan.go:442)",
                  "example.com/sidecar/poll.(*Chain).wait (chain.go:214)",
                  "example.com/sidecar/poll.(*Chain).Start.func1 (chain.go:87)"};
  Culprit other = poller;
  other.name = "net/http.(*persistConn).writeLoop";
  other.location = "transport.go:2401";
  other.state = "select";
  other.before = 4;
  other.now = 21;
  other.share = 0.01;
  f.culprits = {poller, other};
  return f;
}

inline ReportAlert example_alert() {
  ReportAlert one;
  Alert& alert = one.alert;
  alert.id = 7;
  alert.target = 1;
  alert.target_name = "sidecar";
  alert.instance = 2;
  alert.pid = 4712;
  alert.state = AlertState::kFiring;
  alert.finding = example_finding();
  alert.updated = kEvening + std::chrono::minutes(kExampleMinutes);
  alert.pending_since = kEvening + std::chrono::minutes(110);
  alert.fired_at = kEvening + std::chrono::minutes(140);
  alert.told = true;
  Alert before = alert;
  before.state = AlertState::kPending;
  one.history = {{before, AlertState::kInactive, alert.pending_since, "suspicion: goroutines grow"},
                 {alert, AlertState::kPending, *alert.fired_at, "held for 30m"}};
  return one;
}

inline Sample example_sample(int minute) {
  const double leaked = minute < 70 ? 0 : (minute - 70) / 60.0;
  Sample sample;
  sample.instance = minute < 20 ? 1 : 2;
  sample.time = kEvening + std::chrono::minutes(minute);
  MetricValues& v = sample.values;
  const double mib = 1024.0 * 1024.0;
  v.set(Metric::kRssBytes, std::floor((90 + 11 * leaked + minute % 7) * mib));
  v.set(Metric::kOpenFds, 41 + minute % 3);
  v.set(Metric::kSwapBytes, 0);
  v.set(Metric::kGoroutines, std::floor(54 + 240 * leaked));
  v.set(Metric::kHeapAllocBytes, std::floor((40 + 9 * leaked + minute % 11) * mib));
  v.set(Metric::kCpuSecondsTotal, 0.9 * minute + (minute % 60) / 20.0);
  v.set(Metric::kAllocBytesTotal, 3e7 * minute);
  v.set(Metric::kMallocsTotal, 2e5 * minute);
  v.set(Metric::kFreesTotal, 1.9e5 * minute);
  v.set(Metric::kGcCyclesTotal, minute);
  v.set(Metric::kGcPauseSecondsTotal, minute * 0.0002);
  v.set(Metric::kGcCpuFraction, 0.011);
  return sample;
}

inline ReportInstance example_instance(InstanceId id, WallTime found) {
  ReportInstance one;
  one.row.id = id;
  one.row.target = 1;
  one.row.process.id = {"boot", static_cast<pid_t>(4710 + id), static_cast<std::uint64_t>(id)};
  one.row.process.comm = "sidecar";
  one.row.process.cmdline = "/usr/bin/sidecar --serve --config /etc/sidecar.yaml";
  one.row.process.limits.open_files = 1024;
  one.row.process.gogc_percent = 100;
  one.row.first_seen = found;
  one.samples = 240;
  return one;
}

inline Capture example_capture(CaptureId id, CaptureReason reason, int minute) {
  Capture capture;
  capture.id = id;
  capture.target = 1;
  capture.instance = 2;
  capture.kind = CaptureKind::kGoroutine;
  capture.reason = reason;
  capture.time = kEvening + std::chrono::minutes(minute);
  capture.file = "sidecar-goroutine-" + std::to_string(id) + ".pb.gz";
  capture.bytes = 8123 * id;
  return capture;
}

inline ReportData example_report() {
  using std::chrono::minutes;
  ReportData data;
  data.target = {1, "sidecar", "name:sidecar", kEvening};
  data.made = kEvening + minutes(kExampleMinutes + 5);
  data.first = kEvening;
  data.last = kEvening + minutes(kExampleMinutes);
  data.interval = minutes(1);
  SeriesBuckets buckets(600);
  for (int minute = 0; minute <= kExampleMinutes; ++minute) {
    if (minute > 300 && minute < 325) continue;  // the machine slept
    buckets.add(example_sample(minute));
    ++data.samples;
  }
  data.instances = {example_instance(1, kEvening), example_instance(2, kEvening + minutes(20))};
  data.instances[0].row.ended = kEvening + minutes(19);
  data.instances[0].row.end_reason = "process ended";
  data.alerts = {example_alert()};
  for (MetricSeries& series : buckets.series()) {
    ReportSeries one{std::move(series), {}};
    one.floor = floor_line(one.data, 2, data.first, data.last);
    if (one.data.metric == Metric::kGoroutines)
      data.alerts[0].floor = floor_line(one.data, 2, kEvening + minutes(70), data.last);
    data.series.push_back(std::move(one));
  }
  data.gaps = {{2, kEvening + minutes(300), kEvening + minutes(325)}};
  data.events = {
      {kEvening, EventKind::kInstanceStarted, 1, 1, "pid 4711"},
      {kEvening + minutes(20), EventKind::kInstanceRestarted, 1, 2, "pid 4712"},
      {kEvening + minutes(200), EventKind::kNoLeak, 1, 2,
       "resident memory grew by 24.0 MiB: heap that is free and not yet returned, 83 % of it"},
      {kEvening + minutes(325), EventKind::kGap, 1, 2, "the machine slept for 25m"}};
  data.captures = {example_capture(1, CaptureReason::kBaseline, 60),
                   example_capture(2, CaptureReason::kSuspicion, 111),
                   example_capture(3, CaptureReason::kFinal, 479)};
  data.captures_folder = "/var/lib/soakwatch/captures";
  data.verdict = ReportVerdict{ReportVerdict::Outcome::kFail,
                               "A leak was found in 8h: goroutines that do not end."};
  Sensitivity heap;
  heap.detector = "live_heap_growth";
  heap.metric = Metric::kHeapAllocBytes;
  heap.slope_per_hour = 1.2e6;
  heap.span = std::chrono::hours(6);
  Sensitivity threads;
  threads.detector = "thread_growth";
  threads.metric = Metric::kThreads;
  threads.span = minutes(10);
  data.smallest_detectable = {heap, threads};
  data.host = {"workstation, Linux 6.1.0, x86_64", "8 processors, 31.2 GiB of memory"};
  return data;
}

}  // namespace soakwatch
