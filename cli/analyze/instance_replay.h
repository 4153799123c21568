// One process instance of recorded data, judged as the daemon would have judged it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alerts/alert_tracker.h"
#include "cli/analyze/analysis.h"
#include "cli/analyze/span_minima.h"
#include "config/config.h"
#include "detectors/process_judge.h"
#include "model/process_id.h"
#include "model/sample.h"

namespace soakwatch {

// Everything about one instance when its data have ended.
struct InstanceOutcome {
  InstanceResult result;
  std::vector<AlertResult> alerts;
  std::vector<Observation> observations;
  bool leaks = false;            // an alert for a leak fired
  bool suspected = false;        // a suspicion was left at the end
  bool has_full_window = false;  // something could have been found
  bool left_out = false;         // alerts or observations beyond the limit
  std::int64_t clock_steps = 0;
  std::optional<ClockStep> first_clock_step;
};

// Memory is bounded: the first samples wait until the spacing of the series can be told, since the
// detectors want to know it beforehand; from then on each is judged at once. Not thread-safe.
class InstanceReplay {
 public:
  // `config` and what `next_id` refers to must outlive it.
  InstanceReplay(const Config& config, AlertSubject subject, ProcessInfo process,
                 std::function<AlertId()> next_id);

  // In the order in which they were recorded. `clock` is what measures: the monotonic clock where
  // the data have one, else the wall clock. A step back of it takes one interval.
  void add(WallTime time, milliseconds clock, const MetricValues& values);

  // `end_reason`: the process ended, as far as the data show; absent: it may still run.
  InstanceOutcome finish(const std::optional<std::string>& end_reason);

  [[nodiscard]] WallTime first() const { return first_; }
  [[nodiscard]] WallTime last() const { return last_; }
  // The mean spacing so far; 0: one sample says none.
  [[nodiscard]] milliseconds spacing() const {
    return samples_ > 1 ? (last_ - first_) / (samples_ - 1) : milliseconds(0);
  }

 private:
  void begin_judging();
  [[nodiscard]] std::vector<Sensitivity> sensitivity() const;
  void judge(Sample sample);
  void take(const std::vector<AlertTransition>& transitions);
  void keep(const Alert& alert, const std::string& reason);
  SeriesResult series(Metric metric, const std::vector<Sensitivity>& sensitivity) const;

  const Config& config_;
  AlertSubject subject_;
  ProcessInfo process_;
  std::vector<Sample> waiting_;  // until the judge is there
  DetectionOptions options_;     // known when judging begins
  std::unique_ptr<ProcessJudge> judge_;
  AlertTracker tracker_;
  std::optional<SpanMinima> course_;
  milliseconds interval_{0};
  WallTime first_;
  WallTime last_;
  std::int64_t samples_ = 0;
  milliseconds reading_{0};  // of the clock, at the latest sample
  std::optional<milliseconds> begin_;
  milliseconds judged_reading_{0};  // of the clock, at the latest sample that was judged
  milliseconds now_{0};             // the same, never stepping back
  InstanceOutcome outcome_;
};

}  // namespace soakwatch
