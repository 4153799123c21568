// The detectors of one process instance: one GrowthDetector per enabled signal.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "detectors/detector.h"
#include "detectors/floor_trend.h"
#include "detectors/signals.h"

namespace soakwatch {

struct SignalOptions {
  Signal signal = Signal::kGoroutines;
  double min_growth = 0;        // in the unit of the signal's metric
  double min_growth_ratio = 0;  // of the base
  milliseconds interval{5000};  // between two samples that carry the signal, as planned
};

struct DetectionOptions {
  // Blocks are at least this long, and at least six intervals of the signal.
  BlockOptions blocks;
  milliseconds warm_up{600000};
  milliseconds cold_start_span{7200000};
  double false_alarms_per_day = 0.001;
  double levelling_off_ratio = 0.5;
  std::vector<SignalOptions> signals;
  bool cpu_doubling = false;
  bool gc_pressure = false;
};

// What FloorTrend is given for one signal.
FloorTrendOptions trend_options(const DetectionOptions& options, const SignalOptions& signal);

// Steady growth of one signal, told by FloorTrend.
class GrowthDetector : public Detector {
 public:
  GrowthDetector(const DetectionOptions& options, const SignalOptions& signal, const GoSettings& go,
                 std::optional<Limit> limit = std::nullopt);
  std::optional<Judgement> observe(const Sample& sample) override;
  [[nodiscard]] std::string name() const override;
  // A jump of the level that was seen in this sample, and no growth.
  [[nodiscard]] const std::optional<Observation>& step() const { return step_; }
  // Whether the signal has had a value.
  [[nodiscard]] bool seen() const { return seen_; }
  // The slowest growth that the samples so far would have shown. Some milliseconds of work.
  [[nodiscard]] Sensitivity sensitivity() const;

 private:
  [[nodiscard]] Finding finding(const FloorJudgement& judgement) const;
  [[nodiscard]] Observation step_observation(const Step& step, WallTime now) const;

  Signal signal_;
  SignalReader reader_;
  std::optional<Limit> limit_;
  LoadMeter load_;
  FloorTrend trend_;
  bool seen_ = false;
  std::optional<Observation> step_;
};

// The limit that growth of this signal meets first, in its unit; absent: none is known.
std::optional<Limit> nearest_limit(Signal signal, const ProcessInfo& process);

std::vector<std::unique_ptr<GrowthDetector>> make_detectors(const DetectionOptions& options,
                                                            const ProcessInfo& process);

}  // namespace soakwatch
