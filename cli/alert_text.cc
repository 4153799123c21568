#include "cli/alert_text.h"

#include <fmt/format.h>

#include "cli/terminal.h"
#include "model/printable.h"

namespace soakwatch {

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

std::string gate_text(Metric metric, const Gate& gate) {
  const GateWords words = gate_words(metric, gate);
  return fmt::format("{}  {:<14} {}, {} {}: {}", gate.passed ? "passed" : "failed",
                     printable(gate.name), words.measured, words.comparison, words.threshold,
                     words.meaning);
}

}  // namespace soakwatch
