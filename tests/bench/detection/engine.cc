#include "tests/bench/detection/engine.h"

#include <algorithm>
#include <set>
#include <string>

#include "config/config.h"

namespace soakwatch::bench {
namespace {

class Engine : public Judge {
 public:
  Engine(const ProcessInfo& process, Grade least)
      : least_(least), judge_(default_detection(), process) {}

  bool observe(const Sample& sample) override {
    for (const Judgement& judgement : judge_.observe(sample)) {
      const auto& finding = judgement.finding;
      if (finding && finding->is_leak && finding->phase == Phase::kGrowing &&
          finding->grade >= least_) {
        on_.insert(judgement.detector);
      } else {
        on_.erase(judgement.detector);
      }
    }
    return !on_.empty();
  }

 private:
  Grade least_;
  ProcessJudge judge_;
  std::set<std::string> on_;  // detectors
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
  add(Signal::kNativeMemory, d.native_memory, heap);
  add(Signal::kThreads, d.threads, round);
  options.cpu_doubling = d.cpu_doubling;
  options.gc_pressure = d.gc_pressure;
  return options;
}

std::unique_ptr<Judge> make_engine(const Series& series) {
  return std::make_unique<Engine>(series.process, Grade::kAlert);
}

std::unique_ptr<Judge> make_suspicious_engine(const Series& series) {
  return std::make_unique<Engine>(series.process, Grade::kSuspect);
}

}  // namespace soakwatch::bench
