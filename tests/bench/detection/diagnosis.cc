#include "tests/bench/detection/diagnosis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "detectors/floor_trend.h"
#include "tests/bench/detection/engine.h"

namespace soakwatch::bench {
namespace {

class Trace {
 public:
  explicit Trace(const Series& series) : series_(series) {}

  void note(const FloorJudgement& j, milliseconds at) {
    if (series_.truth.onset && at < *series_.truth.onset && !j.grows) return;
    if (j.grows && !held_) {
      text_ += fmt::format("  {:.2f} h level {} (span {:.1f} h) {:.4g} -> {:.4g}", hours(at),
                           j.level, hours(j.span), j.base, j.current);
      for (const Gate& gate : j.gates) {
        text_ += fmt::format(" {} {:.4g}/{:.4g}", gate.name, gate.measured, gate.threshold);
      }
      text_ += '\n';
      found_ = found_ || !series_.truth.onset || at >= *series_.truth.onset;
    }
    held_ = j.grows;
    std::string failed;
    for (const Gate& gate : j.gates) {
      if (!gate.passed) failed += (failed.empty() ? "" : "+") + gate.name;
    }
    if (!j.grows) ++failed_[fmt::format("{}@{}", failed, j.level)];
  }

  [[nodiscard]] std::string text() const {
    std::string text = text_;
    if (series_.truth.onset && !found_) {
      text += "  not found:";
      for (const auto& [gates, n] : failed_) text += fmt::format(" {} x{}", gates, n);
      text += '\n';
    }
    if (text.empty()) return text;
    return fmt::format("{} seed {} {} rate {:.3g}/h onset {:.2f} h gogc {}{} limit {:.3g}\n",
                       series_.family, series_.seed, describe(series_.signal).noun,
                       series_.truth.rate_per_hour,
                       hours(series_.truth.onset.value_or(milliseconds(0))),
                       series_.process.gogc_percent.value_or(0),
                       series_.process.gogc_off ? " off" : "", series_.limit) +
           text;
  }

 private:
  const Series& series_;
  std::string text_;
  bool held_ = false;
  bool found_ = false;
  std::map<std::string, int> failed_;
};

}  // namespace

std::string diagnose(const Series& series) {
  const DetectionOptions options = default_detection();
  const GoSettings go = go_settings(series.process);
  std::string all;
  for (const SignalOptions& signal : options.signals) {
    if (signal.signal != series.signal) continue;
    Trace trace(series);
    InstanceId instance = 0;
    std::optional<FloorTrend> trend;
    LoadMeter load;
    SignalReader reader(signal.signal, go);
    for (const Sample& sample : series.samples) {
      if (!trend || sample.instance != instance) {
        trend.emplace(trend_options(options, signal));
        load = LoadMeter();
        reader = SignalReader(signal.signal, go);
        instance = sample.instance;
      }
      const double work = load.observe(sample);
      const auto value = reader.read(sample.values);
      if (!value) continue;
      const auto judgement =
          trend->add(sample.monotonic, sample.time, value->value, value->companion, work);
      if (judgement) trace.note(*judgement, sample.monotonic);
    }
    all += trace.text();
  }
  return all;
}

}  // namespace soakwatch::bench
