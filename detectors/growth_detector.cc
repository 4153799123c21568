#include "detectors/growth_detector.h"

#include <algorithm>

#include "model/printable.h"

namespace soakwatch {
namespace {

// Fewer samples in a block make its minimum too noisy to stand for the floor.
constexpr int kSamplesPerBlock = 6;

}  // namespace

FloorTrendOptions trend_options(const DetectionOptions& options, const SignalOptions& signal) {
  FloorTrendOptions trend;
  trend.blocks = options.blocks;
  trend.blocks.block = std::max(options.blocks.block, signal.interval * kSamplesPerBlock);
  trend.warm_up = options.warm_up;
  trend.cold_start_span = options.cold_start_span;
  trend.false_alarms_per_day = options.false_alarms_per_day;
  trend.levelling_off_ratio = options.levelling_off_ratio;
  trend.min_growth = signal.min_growth;
  trend.min_growth_ratio = signal.min_growth_ratio;
  return trend;
}

GrowthDetector::GrowthDetector(const DetectionOptions& options, const SignalOptions& signal,
                               const GoSettings& go)
    : signal_(signal.signal), reader_(signal.signal, go), trend_(trend_options(options, signal)) {}

std::optional<Judgement> GrowthDetector::observe(const Sample& sample) {
  if (sample.values.has(Metric::kHeapAllocBytes)) has_go_heap_ = true;
  if (signal_ == Signal::kAnonMemory && has_go_heap_) {
    // An alert of before the heap was seen must not stay: said again each time, as it ends by time.
    if (!sample.values.has(Metric::kHeapAllocBytes)) return std::nullopt;
    return Judgement{name(), std::nullopt};
  }
  const double load = load_.observe(sample);
  const std::optional<SignalValue> signal = reader_.read(sample.values);
  if (!signal) return std::nullopt;
  const auto judgement =
      trend_.add(sample.monotonic, sample.time, signal->value, signal->companion, load);
  if (!judgement) return std::nullopt;
  Judgement result{name(), std::nullopt};
  if (judgement->grows) result.finding = finding(*judgement);
  return result;
}

std::string GrowthDetector::name() const { return std::string(describe(signal_).detector); }

Finding GrowthDetector::finding(const FloorJudgement& judgement) const {
  const SignalDescriptor& signal = describe(signal_);
  Finding f;
  f.detector = name();
  f.metric = signal.metric;
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
  f.summary = std::string(signal.noun) + " grew from " + format_value(f.metric, f.base) + " to " +
              format_value(f.metric, f.current) + ", " + format_rate(f.metric, f.slope_per_hour) +
              " (95 % interval " + format_rate(f.metric, f.slope_low) + " to " +
              format_rate(f.metric, f.slope_high) + ")";
  return f;
}

std::vector<std::unique_ptr<Detector>> make_detectors(const DetectionOptions& options,
                                                      const ProcessInfo& process) {
  const GoSettings go = go_settings(process);
  std::vector<std::unique_ptr<Detector>> detectors;
  for (const SignalOptions& signal : options.signals) {
    detectors.push_back(std::make_unique<GrowthDetector>(options, signal, go));
  }
  return detectors;
}

}  // namespace soakwatch
