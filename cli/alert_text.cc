#include "cli/alert_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "cli/terminal.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

enum class Measure { kNumber, kMetric, kPerHour, kShare, kSeconds };

// A gate's meaning says what its figures are. Words that are not here stand for plain numbers.
struct Word {
  std::string_view in_meaning;
  Measure measure;
};
constexpr std::array kWords{
    Word{"seconds of", Measure::kSeconds}, Word{"as a share", Measure::kShare},
    Word{"share of", Measure::kShare},     Word{"per hour", Measure::kPerHour},
    Word{"floor", Measure::kMetric},       Word{"growth that", Measure::kMetric},
};

Measure measure_of(std::string_view meaning) {
  const auto* found = std::find_if(kWords.begin(), kWords.end(), [&](const Word& word) {
    return meaning.find(word.in_meaning) != std::string_view::npos;
  });
  return found == kWords.end() ? Measure::kNumber : found->measure;
}

std::string figure(Metric metric, Measure measure, double value) {
  if (!std::isfinite(value)) return "unknown";
  switch (measure) {
    case Measure::kMetric:
      return format_value(metric, value);
    case Measure::kPerHour:
      return format_rate(metric, value);
    case Measure::kShare:
      return fmt::format("{:.1f} %", 100 * value);
    case Measure::kSeconds:
      // Below a second "0 s" says more than milliseconds; above, it would not fit into them.
      if (std::fabs(value) >= 1 && std::fabs(value) < 1e9) {
        return format_duration(std::chrono::round<seconds>(std::chrono::duration<double>(value)));
      }
      return fmt::format("{:.6g} s", value);
    case Measure::kNumber:
      break;
  }
  return fmt::format("{:.6g}", value);
}

}  // namespace

bool is_suspicion(const Alert& alert) {
  return alert.state == AlertState::kPending && alert.finding.grade == Grade::kSuspect;
}

std::string state_word(const Alert& alert, bool color) {
  if (is_suspicion(alert)) return "SUSPECT";
  const std::string state(to_string(alert.state));
  return alert.state == AlertState::kFiring ? red(state, color) : state;
}

std::string severity_word(const Alert& alert, bool color) {
  const std::string severity(to_string(alert.finding.severity));
  const bool is_over = alert.state == AlertState::kResolved || alert.state == AlertState::kInactive;
  const bool is_urgent = alert.finding.severity == Severity::kCritical && !is_over;
  return is_urgent ? red(severity, color) : severity;
}

std::string limit_text(const Alert& alert, WallTime now) {
  const Finding& finding = alert.finding;
  const bool grows = alert.state == AlertState::kPending || alert.state == AlertState::kFiring;
  if (!grows || !finding.limit) return {};
  const milliseconds passed = std::max(now - alert.updated, milliseconds(0));
  const milliseconds left = finding.limit->time_left - passed;
  const std::string limit = printable(finding.limit->name) + " (" +
                            format_value(finding.metric, finding.limit->value) + ")";
  // It was at most so long: what did not happen by then is overdue.
  if (left <= milliseconds(0)) return "about to reach " + limit;
  return "reaches " + limit + " in " + format_duration(left);
}

std::string gate_text(Metric metric, const Gate& gate) {
  const Measure measure = measure_of(gate.meaning);
  // "growth of the floor, at least" and "pairs that fall, at most": the comparison belongs between
  // the figures.
  std::string meaning = printable(gate.meaning);
  std::string comparison = "against";
  for (const std::string_view word : {"at least", "at most", "above", "below"}) {
    const std::string in_meaning = ", " + std::string(word);
    const std::size_t at = meaning.find(in_meaning);
    if (at == std::string::npos) continue;
    meaning.erase(at, in_meaning.size());
    comparison = word;
    break;
  }
  constexpr std::string_view kUnit = "seconds of ";
  if (measure == Measure::kSeconds && meaning.starts_with(kUnit)) meaning.erase(0, kUnit.size());
  return fmt::format("{}  {:<14} {}, {} {}: {}", gate.passed ? "passed" : "failed",
                     printable(gate.name), figure(metric, measure, gate.measured), comparison,
                     figure(metric, measure, gate.threshold), meaning);
}

}  // namespace soakwatch
