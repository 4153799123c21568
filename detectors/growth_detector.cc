#include "detectors/growth_detector.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/printable.h"

namespace soakwatch {
namespace {

// Fewer samples in a block make its minimum too noisy to stand for the floor.
constexpr int kSamplesPerBlock = 6;
// What is left of the process beside the Go runtime may be nothing, of which no share means much.
constexpr double kLeastNativeBaseBytes = 64.0 * 1024 * 1024;
// runtime/debug.SetMaxThreads: the Go runtime ends a program with more.
constexpr double kGoThreads = 10000;
constexpr double kCriticalHours = 2;
constexpr double kWarningHours = 24;

Severity severity_of(const std::optional<Limit>& limit) {
  if (!limit) return Severity::kWarning;
  const double hours = std::chrono::duration<double, std::ratio<3600>>(limit->time_left).count();
  if (hours < kCriticalHours) return Severity::kCritical;
  return hours < kWarningHours ? Severity::kWarning : Severity::kInfo;
}

milliseconds time_left(double room, double per_hour) {
  constexpr double kMillisecondsPerHour = 3600e3;
  constexpr double kLongest = 1e15;  // thirty thousand years, and no overflow
  return milliseconds(
      std::llround(std::clamp(room / per_hour * kMillisecondsPerHour, 0.0, kLongest)));
}

void take_nearer(std::optional<Limit>& nearest, const char* name, std::optional<double> value) {
  if (value && (!nearest || *value < nearest->value)) {
    nearest = Limit{name, *value, milliseconds(0)};
  }
}

FloorTrendOptions with_limit(FloorTrendOptions options, const std::optional<Limit>& limit) {
  if (limit) options.limit = limit->value;
  return options;
}

}  // namespace

FloorTrendOptions trend_options(const DetectionOptions& options, const SignalOptions& signal) {
  FloorTrendOptions trend;
  trend.blocks = options.blocks;
  trend.blocks.block = std::max(options.blocks.block, signal.interval * kSamplesPerBlock);
  trend.warm_up = options.warm_up;
  trend.cold_start_span = options.cold_start_span;
  trend.false_alarms_per_day = options.false_alarms_per_day;
  trend.levelling_off_ratio = options.levelling_off_ratio;
  trend.least_base = signal.signal == Signal::kNativeMemory ? kLeastNativeBaseBytes : 0;
  trend.min_growth = signal.min_growth;
  trend.min_growth_ratio = signal.min_growth_ratio;
  return trend;
}

GrowthDetector::GrowthDetector(const DetectionOptions& options, const SignalOptions& signal,
                               const GoSettings& go, std::optional<Limit> limit)
    : signal_(signal.signal),
      reader_(signal.signal, go),
      limit_(std::move(limit)),
      trend_(with_limit(trend_options(options, signal), limit_)) {}

std::optional<Judgement> GrowthDetector::observe(const Sample& sample) {
  step_.reset();
  if (signal_ == Signal::kThreads && sample.values.has(Metric::kGoroutines)) {
    take_nearer(limit_, "the Go runtime's 10,000 threads", kGoThreads);
  }
  const double load = load_.observe(sample);
  const std::optional<SignalValue> signal = reader_.read(sample.values);
  if (!signal) return std::nullopt;
  seen_ = true;
  const auto judgement =
      trend_.add(sample.monotonic, sample.time, signal->value, signal->companion, load);
  if (!judgement) return std::nullopt;
  if (judgement->step) step_ = step_observation(*judgement->step, sample.time);
  Judgement result{name(), std::nullopt};
  if (judgement->grows) result.finding = finding(*judgement);
  return result;
}

std::string GrowthDetector::name() const { return std::string(describe(signal_).detector); }

Finding GrowthDetector::finding(const FloorJudgement& judgement) const {
  const SignalDescriptor& signal = describe(signal_);
  Finding f;
  f.detector = name();
  f.metric = reader_.metric();
  f.grade = judgement.grade;
  f.phase = judgement.phase;
  f.base = judgement.base;
  f.current = judgement.current;
  f.slope_per_hour = judgement.slope_per_hour.value;
  f.slope_low = judgement.slope_per_hour.low;
  f.slope_high = judgement.slope_per_hour.high;
  f.since = judgement.since;
  f.span = judgement.span;
  f.gates = judgement.gates;
  if (limit_ && f.slope_low > 0) {
    f.limit = limit_;
    f.limit->time_left = time_left(limit_->value - f.current, f.slope_low);
  }
  f.severity = severity_of(f.limit);
  f.summary = std::string(signal.noun) + " grew from " + format_value(f.metric, f.base) + " to " +
              format_value(f.metric, f.current) + ", " + format_rate(f.metric, f.slope_per_hour) +
              " (95 % interval " + format_rate(f.metric, f.slope_low) + " to " +
              format_rate(f.metric, f.slope_high) + ")";
  return f;
}

Observation GrowthDetector::step_observation(const Step& step, WallTime now) const {
  const Metric metric = reader_.metric();
  return {Observation::Kind::kStep,
          name(),
          metric,
          now,
          step.time,
          std::string(describe(signal_).noun) + " stepped from " +
              format_value(metric, step.before) + " to " + format_value(metric, step.after) +
              " at one stroke, and stayed there"};
}

Sensitivity GrowthDetector::sensitivity() const {
  Sensitivity s;
  s.detector = name();
  s.metric = reader_.metric();
  const FloorTrend::Smallest smallest = trend_.smallest_growth(s.confidence);
  s.slope_per_hour = smallest.slope_per_hour;
  s.span = smallest.span;
  return s;
}

std::optional<Limit> nearest_limit(Signal signal, const ProcessInfo& process) {
  std::optional<Limit> nearest;
  if (signal == Signal::kOpenFds) {
    take_nearer(nearest, "RLIMIT_NOFILE", process.limits.open_files);
  } else if (signal == Signal::kThreads) {
    take_nearer(nearest, "pids.max of the cgroup", process.limits.tasks);
  } else if (signal == Signal::kLiveHeap || signal == Signal::kAnonMemory) {
    take_nearer(nearest, "memory.max of the cgroup", process.limits.memory_bytes);
    if (signal == Signal::kLiveHeap) take_nearer(nearest, "GOMEMLIMIT", process.gomemlimit_bytes);
  }
  return nearest;
}

std::vector<std::unique_ptr<GrowthDetector>> make_detectors(const DetectionOptions& options,
                                                            const ProcessInfo& process) {
  const GoSettings go = go_settings(process);
  std::vector<std::unique_ptr<GrowthDetector>> detectors;
  for (const SignalOptions& signal : options.signals) {
    detectors.push_back(std::make_unique<GrowthDetector>(options, signal, go,
                                                         nearest_limit(signal.signal, process)));
  }
  return detectors;
}

}  // namespace soakwatch
