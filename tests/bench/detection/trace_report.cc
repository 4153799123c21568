#include "tests/bench/detection/trace_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "tests/bench/detection/evaluation.h"

namespace soakwatch::bench {
namespace {

double minutes(milliseconds time) {
  return std::chrono::duration<double, std::ratio<60>>(time).count();
}

// One detector of one instance, and whether its alarm is on.
struct Watch {
  std::unique_ptr<Detector> detector;
  bool found = false;
  bool firing = false;
  milliseconds last_found{0};

  // Whether an alarm begins.
  bool observe(const Sample& sample) {
    if (const auto judgement = detector->observe(sample)) found = judgement->finding.has_value();
    if (found) last_found = sample.monotonic;
    const bool begins = found && !firing;
    firing = found || (firing && sample.monotonic - last_found < kKeepFiring);
    return begins;
  }
};

bool is_right(const GoTrace& trace, const std::string& detector, milliseconds time) {
  const auto& expected = trace.expected_detectors;
  return trace.is_leak && time >= trace.onset &&
         std::find(expected.begin(), expected.end(), detector) != expected.end();
}

std::string in_words(const std::vector<TraceAlarm>& alarms, bool right, milliseconds onset) {
  std::vector<std::string> words;
  for (const TraceAlarm& alarm : alarms) {
    if (alarm.right != right) continue;
    words.push_back(fmt::format("{} {:.0f} min", alarm.detector, minutes(alarm.time - onset)));
  }
  return words.empty() ? "-" : fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

std::vector<TraceAlarm> trace_alarms(const GoTrace& trace, const DetectionOptions& options) {
  std::vector<TraceAlarm> alarms;
  std::vector<Watch> watches;
  InstanceId instance = 0;
  for (const Sample& sample : trace.samples) {
    if (sample.instance != instance) {
      watches.clear();
      for (auto& detector : make_detectors(options, trace.process)) {
        watches.push_back({std::move(detector)});
      }
      instance = sample.instance;
    }
    for (Watch& watch : watches) {
      if (!watch.observe(sample)) continue;
      const std::string name = watch.detector->name();
      alarms.push_back({name, sample.monotonic, is_right(trace, name, sample.monotonic)});
    }
  }
  return alarms;
}

std::string trace_table(const std::vector<GoTrace>& traces, const DetectionOptions& options) {
  constexpr std::string_view kRow = "{:<18} {:>5} {:>6}  {:<42} {:<32} {}\n";
  std::string table = fmt::format(fmt::runtime(kRow), "trace", "min", "onset", "expected",
                                  "found after the onset", "wrong alarms at");
  int leaks = 0;
  int found = 0;
  int wrong = 0;
  for (const GoTrace& trace : traces) {
    const auto alarms = trace_alarms(trace, options);
    const auto right = std::count_if(alarms.begin(), alarms.end(),
                                     [](const TraceAlarm& alarm) { return alarm.right; });
    leaks += trace.is_leak ? 1 : 0;
    found += right > 0 ? 1 : 0;
    wrong += static_cast<int>(alarms.size()) - static_cast<int>(right);
    const std::string onset = trace.is_leak ? fmt::format("{:.0f}", minutes(trace.onset)) : "-";
    table += fmt::format(
        fmt::runtime(kRow), trace.name,
        fmt::format("{:.0f}", minutes(trace.samples.back().monotonic)), onset,
        trace.is_leak ? fmt::format("{}", fmt::join(trace.expected_detectors, ", ")) : "-",
        in_words(alarms, true, trace.onset), in_words(alarms, false, milliseconds(0)));
  }
  return table + fmt::format("{} of {} leaks found, {} wrong alarms in {} traces\n", found, leaks,
                             wrong, traces.size());
}

}  // namespace soakwatch::bench
