// A transition as text: JSON for programs, one line for people.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <optional>
#include <string_view>

#include "alerts/notifier.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kTextLimitBytes = 1000;

// Boost.JSON writes 240.0 as 2.4E2; whole numbers are given as such, as far as a double holds them
// exactly.
json::value number(double value) {
  constexpr double kLargestExact = 9007199254740992.0;  // 2^53, IEEE 754 binary64
  if (!std::isfinite(value)) return nullptr;
  if (std::trunc(value) == value && std::fabs(value) <= kLargestExact) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

// Printable text is valid UTF-8, which JSON demands and the names of processes do not promise.
json::value text(std::string_view value) {
  return json::value_from(printable(value, kTextLimitBytes));
}

json::value time(std::optional<WallTime> value) {
  if (!value) return nullptr;
  return json::value_from(format_utc(*value));
}

json::array gates_of(const Finding& finding) {
  json::array gates;
  for (const Gate& gate : finding.gates) {
    gates.push_back({{"name", text(gate.name)},
                     {"passed", gate.passed},
                     {"measured", number(gate.measured)},
                     {"threshold", number(gate.threshold)},
                     {"meaning", text(gate.meaning)}});
  }
  return gates;
}

std::string_view label(AlertState state) {
  switch (state) {
    case AlertState::kInactive:
      return "INACTIVE";
    case AlertState::kPending:
      return "PENDING";
    case AlertState::kFiring:
      return "FIRING";
    case AlertState::kPlateau:
      return "PLATEAU";
    case AlertState::kResolved:
      return "RESOLVED";
  }
  return "UNKNOWN";
}

}  // namespace

std::string to_json(const AlertTransition& transition) {
  const Alert& alert = transition.alert;
  const Finding& finding = alert.finding;
  const json::object object{
      {"time", time(transition.time)},
      {"id", alert.id},
      {"target", text(alert.target_name)},
      {"pid", alert.pid},
      {"instance", alert.instance},
      {"state", text(to_string(alert.state))},
      {"from", text(to_string(transition.from))},
      {"reason", text(transition.reason)},
      {"metric", text(describe(finding.metric).name)},
      {"detector", text(finding.detector)},
      {"severity", text(to_string(finding.severity))},
      {"base", number(finding.base)},
      {"current", number(finding.current)},
      {"growth", number(finding.growth())},
      {"slope_per_hour", number(finding.slope_per_hour)},
      {"slope_ci", json::array{number(finding.slope_low), number(finding.slope_high)}},
      {"since", time(finding.since)},
      {"span_seconds", number(std::chrono::duration<double>(finding.span).count())},
      {"pending_since", time(alert.pending_since)},
      {"fired_at", time(alert.fired_at)},
      {"resolved_at", time(alert.resolved_at)},
      {"summary", text(finding.summary)},
      {"gates", gates_of(finding)}};
  return json::serialize(object);
}

std::string describe(const AlertTransition& transition) {
  const Alert& alert = transition.alert;
  const Finding& finding = alert.finding;
  const bool is_over = alert.state == AlertState::kResolved || alert.state == AlertState::kInactive;
  std::string line =
      fmt::format("{} {} {} (pid {}): {} {} by {} ({} -> {} since {})", label(alert.state),
                  to_string(finding.severity), printable(alert.target_name), alert.pid,
                  describe(finding.metric).name, is_over ? "grew" : "grow",
                  format_rate(finding.metric, finding.slope_per_hour),
                  format_value(finding.metric, finding.base),
                  format_value(finding.metric, finding.current), format_utc(finding.since));
  if (is_over) line += "; " + printable(transition.reason);
  return line;
}

}  // namespace soakwatch
