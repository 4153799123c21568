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

json::value limit_of(const Finding& finding) {
  if (!finding.limit) return nullptr;
  const std::chrono::duration<double> left = finding.limit->time_left;
  return json::object{{"name", text(finding.limit->name)},
                      {"value", number(finding.limit->value)},
                      {"time_left_seconds", number(left.count())}};
}

json::array texts(const std::vector<std::string>& values) {
  json::array list;
  for (const std::string& value : values) list.push_back(text(value));
  return list;
}

json::array culprits_of(const Finding& finding) {
  json::array culprits;
  for (const Culprit& culprit : finding.culprits) {
    culprits.push_back({{"kind", text(to_string(culprit.kind))},
                        {"name", text(culprit.name)},
                        {"location", text(culprit.location)},
                        {"state", text(culprit.state)},
                        {"before", number(culprit.before)},
                        {"now", number(culprit.now)},
                        {"share", number(culprit.share)},
                        {"stack", texts(culprit.stack)}});
  }
  return culprits;
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

class Variables {
 public:
  void operator()(std::string_view name, std::string_view value) {
    out.push_back(fmt::format("SOAKWATCH_{}={}", name, printable(value, kTextLimitBytes)));
  }
  std::vector<std::string> out;
};

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
      {"grade", text(to_string(finding.grade))},
      {"is_leak", finding.is_leak},
      {"cause", text(finding.cause)},
      {"root", text(finding.root)},
      {"base", number(finding.base)},
      {"current", number(finding.current)},
      {"growth", number(finding.growth())},
      {"slope_per_hour", number(finding.slope_per_hour)},
      {"slope_ci", json::array{number(finding.slope_low), number(finding.slope_high)}},
      {"since", time(finding.since)},
      {"span_seconds", number(to_seconds(finding.span))},
      {"pending_since", time(alert.pending_since)},
      {"fired_at", time(alert.fired_at)},
      {"resolved_at", time(alert.resolved_at)},
      {"summary", text(finding.summary)},
      {"limit", limit_of(finding)},
      {"gates", gates_of(finding)},
      {"ruled_out", texts(finding.ruled_out)},
      {"culprits", culprits_of(finding)},
      {"probe", text(finding.probe)}};
  return json::serialize(object);
}

std::string to_json(const Notice& notice) {
  const json::object object{{"time", time(notice.time)},
                            {"notice", text(notice.kind)},
                            {"severity", text(to_string(notice.severity))},
                            {"summary", text(notice.text)}};
  return json::serialize(object);
}

std::string describe(const AlertTransition& transition) {
  const Alert& alert = transition.alert;
  const Finding& finding = alert.finding;
  const bool grows = alert.state == AlertState::kPending || alert.state == AlertState::kFiring;
  std::string line =
      fmt::format("{} {} {} (pid {}): ", label(alert.state), to_string(finding.severity),
                  printable(alert.target_name), alert.pid);
  if (finding.is_leak) {
    line +=
        fmt::format("{} {} by {} ({} -> {} since {})", describe(finding.metric).name,
                    grows ? "grow" : "grew", format_rate(finding.metric, finding.slope_per_hour),
                    format_value(finding.metric, finding.base),
                    format_value(finding.metric, finding.current), format_utc(finding.since));
  } else {
    line += printable(finding.summary, kTextLimitBytes);
  }
  if (!finding.cause.empty()) line += ": " + printable(finding.cause);
  const bool is_news = transition.from == alert.state;
  if (grows && !is_news && !finding.culprits.empty()) {
    line += "; behind it: " + whose(finding.culprits.front());
  }
  if (grows && !is_news && finding.limit) {
    line += fmt::format("; reaches {} ({}) in {}", printable(finding.limit->name),
                        format_value(finding.metric, finding.limit->value),
                        format_duration(finding.limit->time_left));
  }
  // That it fires for the first time says enough.
  if (!grows || is_news || transition.from == AlertState::kPlateau) {
    line += "; " + printable(transition.reason);
  }
  return line;
}

std::vector<std::string> variables_of(const Notice& notice) {
  Variables add;
  add("NOTICE", notice.kind);
  add("TIME", format_utc(notice.time));
  add("SEVERITY", to_string(notice.severity));
  add("SUMMARY", notice.text);
  add("TEXT", notice.text);
  return add.out;
}

std::vector<std::string> variables_of(const AlertTransition& transition) {
  Variables add;
  const Alert& alert = transition.alert;
  add("ALERT_ID", std::to_string(alert.id));
  add("TIME", format_utc(transition.time));
  add("STATE", to_string(alert.state));
  add("REASON", transition.reason);
  add("TARGET", alert.target_name);
  add("PID", std::to_string(alert.pid));
  add("METRIC", describe(alert.finding.metric).name);
  add("DETECTOR", alert.finding.detector);
  add("SEVERITY", to_string(alert.finding.severity));
  add("SINCE", format_utc(alert.finding.since));
  add("SUMMARY", alert.finding.summary);
  add("IS_LEAK", alert.finding.is_leak ? "true" : "false");
  add("CAUSE", alert.finding.cause);
  const std::optional<Limit>& limit = alert.finding.limit;
  add("LIMIT", limit ? limit->name : "");
  add("TIME_LEFT_SECONDS",
      limit ? std::to_string(std::chrono::round<seconds>(limit->time_left).count()) : "");
  add("TEXT", describe(transition));
  return add.out;
}

}  // namespace soakwatch
