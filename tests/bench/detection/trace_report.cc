#include "tests/bench/detection/trace_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <optional>

#include "tests/bench/detection/evaluation.h"

namespace soakwatch::bench {
namespace {

// What one detector of one instance says, and whether its alarm is on.
struct Watch {
  bool found = false;
  bool firing = false;
  milliseconds last_found{0};

  // Whether an alarm begins.
  bool step(milliseconds now) {
    if (found) last_found = now;
    const bool begins = found && !firing;
    firing = found || (firing && now - last_found < kKeepFiring);
    return begins;
  }
};

bool counts(const std::optional<Finding>& finding, Grade least) {
  return finding && finding->is_leak && finding->phase == Phase::kGrowing &&
         finding->grade >= least && finding->root.empty();
}

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

std::vector<TraceAlarm> trace_alarms(const GoTrace& trace, const DetectionOptions& options,
                                     Grade least) {
  std::vector<TraceAlarm> alarms;
  ProcessJudge judge;
  std::map<std::string, Watch> watches;  // by detector
  InstanceId instance = 0;
  for (const Sample& sample : trace.samples) {
    if (sample.instance != instance) {
      judge = ProcessJudge(options, trace.process);
      watches.clear();
      instance = sample.instance;
    }
    for (const Judgement& judgement : judge.observe(sample)) {
      watches[judgement.detector].found = counts(judgement.finding, least);
    }
    for (auto& [detector, watch] : watches) {
      if (!watch.step(sample.monotonic)) continue;
      alarms.push_back({detector, sample.monotonic, is_right(trace, detector, sample.monotonic)});
    }
  }
  return alarms;
}

std::string trace_table(const std::vector<GoTrace>& traces, const DetectionOptions& options) {
  constexpr std::string_view kRow = "{:<17} {:>5}  {:<42} {:<48} {:<48} {:<24} {}\n";
  std::string table =
      fmt::format(fmt::runtime(kRow), "trace", "onset", "expected", "alert, after the onset",
                  "suspicion, after the onset", "wrong alerts, at", "wrong suspicions, at");
  std::ptrdiff_t leaks = 0;
  std::ptrdiff_t found = 0;
  std::ptrdiff_t wrong = 0;
  for (const GoTrace& trace : traces) {
    const auto alerts = trace_alarms(trace, options, Grade::kAlert);
    const auto suspicions = trace_alarms(trace, options, Grade::kSuspect);
    const auto right = std::count_if(alerts.begin(), alerts.end(),
                                     [](const TraceAlarm& alarm) { return alarm.right; });
    leaks += trace.is_leak ? 1 : 0;
    found += right > 0 ? 1 : 0;
    wrong += std::ssize(alerts) - right;
    const bool leaks_here = trace.is_leak;
    table += fmt::format(
        fmt::runtime(kRow), trace.name,
        leaks_here ? fmt::format("{:.0f}", minutes(trace.onset)) : "-",
        leaks_here ? fmt::format("{}", fmt::join(trace.expected_detectors, ", ")) : "-",
        in_words(alerts, true, trace.onset), in_words(suspicions, true, trace.onset),
        in_words(alerts, false, milliseconds(0)), in_words(suspicions, false, milliseconds(0)));
  }
  return table + fmt::format("{} of {} leaks alerted to, {} wrong alerts in {} traces\n", found,
                             leaks, wrong, traces.size());
}

}  // namespace soakwatch::bench
