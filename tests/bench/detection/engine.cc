#include "tests/bench/detection/engine.h"

#include <algorithm>
#include <cstddef>

#include "config/config.h"

namespace soakwatch::bench {
namespace {

class Engine : public Judge {
 public:
  Engine(const ProcessInfo& process, Grade least)
      : least_(least),
        detectors_(make_detectors(default_detection(), process)),
        on_(detectors_.size(), false) {}

  bool observe(const Sample& sample) override {
    for (std::size_t i = 0; i < detectors_.size(); ++i) {
      if (const auto judgement = detectors_[i]->observe(sample)) {
        const auto& finding = judgement->finding;
        on_[i] = finding && finding->phase == Phase::kGrowing && finding->grade >= least_;
      }
    }
    return std::find(on_.begin(), on_.end(), true) != on_.end();
  }

 private:
  Grade least_;
  std::vector<std::unique_ptr<Detector>> detectors_;
  std::vector<bool> on_;
};

}  // namespace

DetectionOptions default_detection() {
  const Config config;
  const DetectionConfig& d = config.detection;
  DetectionOptions options;
  options.blocks = {d.block, d.levels, d.window_blocks};
  options.warm_up = d.warm_up;
  options.cold_start_span = d.cold_start_span;
  options.false_alarms_per_day = d.false_alarms_per_day;
  options.levelling_off_ratio = d.levelling_off_ratio;
  const milliseconds round = config.sampling.interval;
  const milliseconds heap = std::max(round, config.pprof.heap_interval);
  const auto add = [&](Signal signal, const SignalConfig& gates, milliseconds interval) {
    options.signals.push_back({signal, gates.min_growth, gates.min_growth_ratio, interval});
  };
  add(Signal::kGoroutines, d.goroutines, round);
  add(Signal::kLiveHeap, d.live_heap, heap);
  add(Signal::kOpenFds, d.open_fds, round);
  add(Signal::kAnonMemory, d.anon_memory, round);
  return options;
}

std::unique_ptr<Judge> make_engine(const Series& series) {
  return std::make_unique<Engine>(series.process, Grade::kAlert);
}

std::unique_ptr<Judge> make_suspicious_engine(const Series& series) {
  return std::make_unique<Engine>(series.process, Grade::kSuspect);
}

}  // namespace soakwatch::bench
