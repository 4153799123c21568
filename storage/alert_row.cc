#include "storage/alert_row.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "model/printable.h"

namespace soakwatch {
namespace {

namespace json = boost::json;

// Culprits come out of a process that may be hostile, and each change of an alert stores them.
constexpr std::size_t kCulpritLimit = 10;
constexpr std::size_t kStackLimitLines = 64;
constexpr std::size_t kTextLimitBytes = 300;

constexpr std::array kUnitNames{
    std::pair{Unit::kBytes, std::string_view("bytes")},
    std::pair{Unit::kCount, std::string_view("count")},
    std::pair{Unit::kSeconds, std::string_view("seconds")},
    std::pair{Unit::kRatio, std::string_view("ratio")},
};

std::string_view unit_name(Unit unit) {
  for (const auto& [value, name] : kUnitNames) {
    if (value == unit) return name;
  }
  return "count";
}

Unit unit_from(std::string_view text) {
  for (const auto& [value, name] : kUnitNames) {
    if (name == text) return value;
  }
  return Unit::kCount;
}

json::value number(double value) {
  return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

double number_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::numeric_limits<double>::quiet_NaN();
  return value->to_number<double>();
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

// The texts of a list; what is no text is left out.
std::vector<std::string> texts_of(const json::value& list) {
  std::vector<std::string> texts;
  if (!list.is_array()) return texts;
  for (const json::value& entry : list.get_array()) {
    if (entry.is_string())
      texts.emplace_back(entry.get_string().c_str(), entry.get_string().size());
  }
  return texts;
}

Severity severity_from(std::string_view text) {
  for (const Severity severity : {Severity::kInfo, Severity::kCritical}) {
    if (text == to_string(severity)) return severity;
  }
  return Severity::kWarning;
}

}  // namespace

std::string gates_to_json(const std::vector<Gate>& gates) {
  json::array list;
  for (const Gate& gate : gates) {
    list.push_back({{"name", gate.name},
                    {"passed", gate.passed},
                    {"measured", number(gate.measured)},
                    {"threshold", number(gate.threshold)},
                    {"meaning", gate.meaning}});
  }
  return json::serialize(list);
}

std::vector<Gate> gates_from_json(std::string_view text) {
  std::vector<Gate> gates;
  json::error_code error;
  const json::value list = json::parse(text, error);
  if (error || !list.is_array()) return gates;
  for (const json::value& entry : list.get_array()) {
    const json::object* object = entry.if_object();
    if (object == nullptr) continue;
    const json::value* passed = object->if_contains("passed");
    gates.push_back({text_of(*object, "name"),
                     passed != nullptr && passed->is_bool() && passed->get_bool(),
                     number_of(*object, "measured"), number_of(*object, "threshold"),
                     text_of(*object, "meaning")});
  }
  return gates;
}

std::string texts_to_json(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) list.push_back(json::value_from(text));
  return json::serialize(list);
}

std::vector<std::string> texts_from_json(std::string_view text) {
  json::error_code error;
  const json::value list = json::parse(text, error);
  return error ? std::vector<std::string>() : texts_of(list);
}

std::string culprits_to_json(const std::vector<Culprit>& culprits) {
  const auto bounded = [](std::string_view text) {
    return json::value_from(printable(text, kTextLimitBytes));
  };
  json::array list;
  for (const Culprit& culprit : culprits) {
    if (list.size() == kCulpritLimit) break;
    json::array stack;
    for (const std::string& line : culprit.stack) {
      if (stack.size() == kStackLimitLines) break;
      stack.push_back(bounded(line));
    }
    list.push_back({{"kind", to_string(culprit.kind)},
                    {"name", bounded(culprit.name)},
                    {"location", bounded(culprit.location)},
                    {"state", bounded(culprit.state)},
                    {"unit", unit_name(culprit.unit)},
                    {"before", number(culprit.before)},
                    {"now", number(culprit.now)},
                    {"share", number(culprit.share)},
                    {"stack", std::move(stack)}});
  }
  return json::serialize(list);
}

std::vector<Culprit> culprits_from_json(std::string_view text) {
  std::vector<Culprit> culprits;
  json::error_code error;
  const json::value list = json::parse(text, error);
  if (error || !list.is_array()) return culprits;
  for (const json::value& entry : list.get_array()) {
    const json::object* object = entry.if_object();
    if (object == nullptr) continue;
    const auto kind = capture_kind_from_string(text_of(*object, "kind"));
    if (!kind) continue;  // of a newer program
    const json::value* stack = object->if_contains("stack");
    culprits.push_back({*kind, text_of(*object, "name"), text_of(*object, "location"),
                        text_of(*object, "state"), unit_from(text_of(*object, "unit")),
                        number_of(*object, "before"), number_of(*object, "now"),
                        number_of(*object, "share"),
                        stack != nullptr ? texts_of(*stack) : std::vector<std::string>()});
  }
  return culprits;
}

AlertTexts::AlertTexts(const Finding& finding)
    : severity(to_string(finding.severity)),
      grade(to_string(finding.grade)),
      gates(gates_to_json(finding.gates)),
      ruled_out(texts_to_json(finding.ruled_out)),
      culprits(culprits_to_json(finding.culprits)) {}

void bind_alert_figures(ParameterCursor& parameters, const Alert& alert, const AlertTexts& texts) {
  const Finding& finding = alert.finding;
  parameters.reference(alert.instance);
  parameters.integer(alert.pid);
  parameters.text(texts.severity);
  for (const double value : {finding.base, finding.current, finding.slope_per_hour,
                             finding.slope_low, finding.slope_high}) {
    parameters.real(value);
  }
  parameters.time(finding.since);
  parameters.integer(finding.span.count());
  parameters.text(texts.gates);
  parameters.text(finding.summary);
  parameters.time(alert.pending_since);
  parameters.time(alert.fired_at);
  parameters.time(alert.resolved_at);
  parameters.time(alert.quiet_since);
  parameters.text(texts.grade);
  parameters.integer(finding.is_leak ? 1 : 0);
  parameters.text(finding.cause);
  parameters.text(finding.root);
  if (finding.limit) {
    parameters.text(finding.limit->name);
    parameters.real(finding.limit->value);
    parameters.integer(finding.limit->time_left.count());
  } else {
    for (int i = 0; i < 3; ++i) parameters.null();
  }
  parameters.text(texts.ruled_out);
  parameters.time(alert.alert_since);
  parameters.integer(alert.told ? 1 : 0);
  parameters.text(texts.culprits);
  parameters.text(finding.probe);
}

void read_alert_figures(ColumnCursor& columns, Alert& alert) {
  Finding& finding = alert.finding;
  alert.instance = columns.integer();
  alert.pid = static_cast<int>(columns.integer());
  finding.severity = severity_from(columns.text());
  for (double* value : {&finding.base, &finding.current, &finding.slope_per_hour,
                        &finding.slope_low, &finding.slope_high}) {
    *value = columns.real();
  }
  finding.since = columns.time();
  finding.span = milliseconds(columns.integer());
  finding.gates = gates_from_json(columns.text());
  finding.summary = columns.text();
  alert.pending_since = columns.time();
  alert.fired_at = columns.optional_time();
  alert.resolved_at = columns.optional_time();
  alert.quiet_since = columns.optional_time();
  finding.grade = columns.text() == to_string(Grade::kSuspect) ? Grade::kSuspect : Grade::kAlert;
  finding.is_leak = columns.integer() != 0;
  finding.cause = columns.text();
  finding.root = columns.text();
  Limit limit{columns.text(), 0, milliseconds(0)};
  limit.value = columns.real();
  limit.time_left = milliseconds(columns.integer());
  if (!limit.name.empty()) finding.limit = std::move(limit);
  finding.ruled_out = texts_from_json(columns.text());
  alert.alert_since = columns.optional_time();
  alert.told = columns.integer() != 0;
  finding.culprits = culprits_from_json(columns.text());
  finding.probe = columns.text();
  finding.phase = alert.state == AlertState::kPlateau ? Phase::kPlateau : Phase::kGrowing;
}

std::string alert_select(std::string_view state, std::string_view figures_of,
                         std::string_view more) {
  std::string figures = ", " + std::string(kAlertFigureColumns);
  for (std::size_t at = 0; (at = figures.find(", ", at)) != std::string::npos;) {
    figures.insert(at + 2, figures_of);
    at += 2 + figures_of.size();
  }
  return fmt::format(
      "SELECT a.id, a.target_id, coalesce(t.name, ''), a.detector, a.metric, {}{}{} "
      "FROM alerts a LEFT JOIN targets t ON t.id = a.target_id ",
      state, figures, more);
}

Alert read_alert(ColumnCursor& column) {
  Alert alert;
  alert.id = column.integer();
  alert.target = column.integer();
  alert.target_name = column.text();
  alert.finding.detector = column.text();
  alert.finding.metric = metric_from_name(column.text()).value_or(Metric::kRssBytes);
  alert.state = alert_state_from_string(column.text()).value_or(AlertState::kInactive);
  alert.updated = column.time();
  read_alert_figures(column, alert);
  return alert;
}

}  // namespace soakwatch
