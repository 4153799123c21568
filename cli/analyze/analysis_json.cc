#include <boost/json.hpp>
#include <cmath>

#include "alerts/notifier.h"
#include "cli/analyze/analysis_output.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kValueLimitBytes = 1000;

json::value number(double value) {
  return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}
json::value number(const std::optional<double>& value) {
  return value ? number(*value) : json::value(nullptr);
}

json::string text(std::string_view value) {
  return json::string(printable(value, kValueLimitBytes));
}

// The keys that the notifiers' JSON has.
json::object alert_of(const AlertResult& result) {
  const Alert& alert = result.alert;
  const WallTime time = alert.fired_at.value_or(alert.pending_since);
  json::object object = json::parse(to_json({alert, alert.state, time, result.reason})).as_object();
  object.stable_erase("from");
  return object;
}

json::object series_of(const InstanceResult& instance, const SeriesResult& series) {
  json::value interval = nullptr;
  if (series.slope) interval = json::array{number(series.slope->low), number(series.slope->high)};
  return {{"metric", describe(series.metric).name},
          {"target", text(instance.target)},
          {"instance", instance.number},
          {"samples", series.samples},
          {"span_seconds", to_seconds(series.span)},
          {"state", to_string(series.state)},
          {"slope_per_hour", series.slope ? number(series.slope->value) : json::value(nullptr)},
          {"slope_ci", std::move(interval)},
          {"smallest_detectable_slope", number(series.detectable)},
          {"confidence", series.detectable ? number(series.confidence) : json::value(nullptr)}};
}

json::object instance_of(const InstanceResult& instance) {
  json::object object{
      {"instance", instance.number},         {"target", text(instance.target)},
      {"first", format_utc(instance.first)}, {"last", format_utc(instance.last)},
      {"samples", instance.samples},         {"span_seconds", to_seconds(instance.span)}};
  if (instance.pid > 0) object["pid"] = instance.pid;
  return object;
}

json::object observation_of(const ObservationResult& result) {
  const Observation& o = result.observation;
  return {{"time", format_utc(o.time)},
          {"since", format_utc(o.since)},
          {"instance", result.instance},
          {"kind", o.kind == Observation::Kind::kStep ? "step" : "no_leak"},
          {"metric", describe(o.metric).name},
          {"summary", text(o.summary)}};
}

}  // namespace

std::string analysis_json(const Analysis& analysis, const AnalysisSource& source) {
  json::array alerts;
  for (const AlertResult& result : analysis.alerts) alerts.push_back(alert_of(result));
  json::array observations;
  for (const auto& result : analysis.observations) observations.push_back(observation_of(result));
  json::array series;
  json::array instances;
  for (const InstanceResult& instance : analysis.instances) {
    instances.push_back(instance_of(instance));
    for (const SeriesResult& one : instance.series) series.push_back(series_of(instance, one));
  }
  json::array unknown;
  for (const std::string& column : source.unknown_columns) unknown.emplace_back(text(column));
  const json::object object{{"verdict", to_string(analysis.verdict)},
                            {"summary", text(analysis.summary)},
                            {"file", text(source.file)},
                            {"samples", analysis.samples},
                            {"skipped_rows", source.skipped_rows},
                            {"unknown_columns", std::move(unknown)},
                            {"clock_steps", analysis.clock_steps},
                            {"instance_count", analysis.instance_count},
                            {"shortened", analysis.left_out},
                            {"alerts", std::move(alerts)},
                            {"observations", std::move(observations)},
                            {"series", std::move(series)},
                            {"instances", std::move(instances)}};
  return json::serialize(object);
}

}  // namespace soakwatch
