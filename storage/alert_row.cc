#include "storage/alert_row.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <utility>

namespace soakwatch {
namespace {

namespace json = boost::json;

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
  std::vector<std::string> texts;
  json::error_code error;
  const json::value list = json::parse(text, error);
  if (error || !list.is_array()) return texts;
  for (const json::value& entry : list.get_array()) {
    if (entry.is_string())
      texts.emplace_back(entry.get_string().c_str(), entry.get_string().size());
  }
  return texts;
}

AlertTexts::AlertTexts(const Finding& finding)
    : severity(to_string(finding.severity)),
      grade(to_string(finding.grade)),
      gates(gates_to_json(finding.gates)),
      ruled_out(texts_to_json(finding.ruled_out)) {}

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
