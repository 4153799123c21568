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
};

// What FloorTrend is given for one signal.
FloorTrendOptions trend_options(const DetectionOptions& options, const SignalOptions& signal);

// Steady growth of one signal, told by FloorTrend.
//
// Anonymous memory is judged only while the process shows no Go heap: there the live heap says
// more, and one leak should not raise two alerts.
class GrowthDetector : public Detector {
 public:
  GrowthDetector(const DetectionOptions& options, const SignalOptions& signal,
                 const GoSettings& go);
  std::optional<Judgement> observe(const Sample& sample) override;
  [[nodiscard]] std::string name() const override;

 private:
  [[nodiscard]] Finding finding(const FloorJudgement& judgement) const;

  Signal signal_;
  SignalReader reader_;
  bool has_go_heap_ = false;
  LoadMeter load_;
  FloorTrend trend_;
};

std::vector<std::unique_ptr<Detector>> make_detectors(const DetectionOptions& options,
                                                      const ProcessInfo& process);

}  // namespace soakwatch
