#include "report/report_json.h"

#include <boost/json.hpp>
#include <cmath>

#include "model/printable.h"
#include "report/compose.h"

namespace soakwatch {
namespace {

namespace json = boost::json;

constexpr int kSchema = 1;
constexpr std::size_t kValueLimitBytes = 4000;

// Boost.JSON writes 240.0 as 2.4E2; whole numbers are given as such, as far as a double holds them
// exactly.
json::value number(double value) {
  constexpr double kLargestExact = 9007199254740992.0;  // 2^53, IEEE 754 binary64
  if (!std::isfinite(value)) return nullptr;
  if (std::trunc(value) == value && std::fabs(value) <= kLargestExact)
    return static_cast<std::int64_t>(value);
  return value;
}
json::value number(const std::optional<double>& value) {
  return value ? number(*value) : json::value(nullptr);
}
json::value text(std::string_view value) {
  return json::string(printable(value, kValueLimitBytes));
}
json::value time(const std::optional<WallTime>& value) {
  return value ? json::value(format_utc(*value)) : json::value(nullptr);
}
json::value seconds_of(const std::optional<milliseconds>& duration) {
  return duration ? number(to_seconds(*duration)) : json::value(nullptr);
}

json::array texts(const std::vector<std::string>& values) {
  json::array list;
  for (const std::string& value : values) list.push_back(text(value));
  return list;
}

json::array interval(const Slope& slope) { return {number(slope.low), number(slope.high)}; }

json::object instance_of(const ReportInstance& one) {
  const ProcessInfo& process = one.row.process;
  const ProcessLimits& limits = process.limits;
  return {{"id", one.row.id},
          {"pid", process.id.pid},
          {"command", text(process.cmdline.empty() ? process.comm : process.cmdline)},
          {"exe", text(process.exe)},
          {"first_seen", time(one.row.first_seen)},
          {"ended", time(one.row.ended)},
          {"end_reason", text(one.row.end_reason)},
          {"samples", one.samples},
          {"limits",
           {{"open_files", number(limits.open_files)},
            {"memory_bytes", number(limits.memory_bytes)},
            {"tasks", number(limits.tasks)}}},
          {"gogc_percent", number(process.gogc_percent)},
          {"gogc_off", process.gogc_off},
          {"gomemlimit_bytes", number(process.gomemlimit_bytes)}};
}

json::array culprits_of(const Finding& finding) {
  json::array list;
  for (const Culprit& culprit : finding.culprits) {
    list.push_back({{"kind", to_string(culprit.kind)},
                    {"name", text(culprit.name)},
                    {"location", text(culprit.location)},
                    {"state", text(culprit.state)},
                    {"before", number(culprit.before)},
                    {"now", number(culprit.now)},
                    {"share", number(culprit.share)},
                    {"stack", texts(culprit.stack)}});
  }
  return list;
}

json::array gates_of(const Finding& finding) {
  json::array list;
  for (const Gate& gate : finding.gates) {
    list.push_back({{"name", text(gate.name)},
                    {"passed", gate.passed},
                    {"measured", number(gate.measured)},
                    {"threshold", number(gate.threshold)},
                    {"meaning", text(gate.meaning)}});
  }
  return list;
}

json::value limit_of(const Finding& finding) {
  if (!finding.limit) return nullptr;
  return json::object{{"name", text(finding.limit->name)},
                      {"value", number(finding.limit->value)},
                      {"time_left_seconds", seconds_of(finding.limit->time_left)}};
}

json::array history_of(const ReportAlert& one) {
  json::array list;
  for (const AlertTransition& step : one.history) {
    list.push_back({{"time", time(step.time)},
                    {"from", to_string(step.from)},
                    {"state", to_string(step.alert.state)},
                    {"reason", text(step.reason)}});
  }
  return list;
}

json::object alert_of(const ReportAlert& one) {
  const Alert& alert = one.alert;
  const Finding& f = alert.finding;
  return {{"id", alert.id},
          {"root_id", one.root ? json::value(*one.root) : json::value(nullptr)},
          {"instance", alert.instance},
          {"pid", alert.pid},
          {"state", to_string(alert.state)},
          {"grade", f.grade == Grade::kAlert ? "alert" : "suspect"},
          {"severity", to_string(f.severity)},
          {"is_leak", f.is_leak},
          {"detector", text(f.detector)},
          {"metric", describe(f.metric).name},
          {"base", number(f.base)},
          {"current", number(f.current)},
          {"growth", number(f.growth())},
          {"slope_per_hour", number(f.slope_per_hour)},
          {"slope_ci", json::array{number(f.slope_low), number(f.slope_high)}},
          {"since", time(f.since)},
          {"span_seconds", seconds_of(f.span)},
          {"pending_since", time(alert.pending_since)},
          {"fired_at", time(alert.fired_at)},
          {"resolved_at", time(alert.resolved_at)},
          {"updated", time(alert.updated)},
          {"summary", text(f.summary)},
          {"cause", text(f.cause)},
          {"limit", limit_of(f)},
          {"probe", text(f.probe)},
          {"culprits", culprits_of(f)},
          {"ruled_out", texts(f.ruled_out)},
          {"gates", gates_of(f)},
          {"history", history_of(one)}};
}

json::object series_of(const ReportSeries& one) {
  const MetricSeries& s = one.data;
  const MetricDescriptor& metric = describe(s.metric);
  json::array buckets;
  for (const Bucket& bucket : s.buckets) {
    buckets.push_back(json::array{to_unix_ms(bucket.begin), to_unix_ms(bucket.end), bucket.instance,
                                  bucket.samples, number(bucket.min), number(bucket.max),
                                  number(bucket.last)});
  }
  json::value floor = nullptr;
  if (one.floor) {
    floor = {{"from", time(one.floor->from)},
             {"to", time(one.floor->to)},
             {"at_from", number(one.floor->at_from)},
             {"at_to", number(one.floor->at_to)},
             {"slope_per_hour", number(one.floor->slope_per_hour.value)},
             {"slope_ci", interval(one.floor->slope_per_hour)}};
  }
  const bool is_counter = metric.type == MetricType::kCounter;
  return {{"metric", metric.name},
          {"samples", s.samples},
          {"first", number(s.first)},
          {"last", number(s.last)},
          {"min", number(s.min)},
          {"max", number(s.max)},
          {"increase", is_counter ? number(s.increase) : json::value(nullptr)},
          {"floor", std::move(floor)},
          {"bucket_columns", {"begin_ms", "end_ms", "instance", "samples", "min", "max", "last"}},
          {"buckets", std::move(buckets)}};
}

json::array events_of(const ReportData& data) {
  json::array list;
  for (const Event& event : data.events) {
    list.push_back({{"time", time(event.time)},
                    {"kind", to_string(event.kind)},
                    {"instance", event.instance == 0 ? json::value(nullptr) : event.instance},
                    {"detail", text(event.detail)}});
  }
  return list;
}

json::array growth_of(const ReportData& data) {
  json::array list;
  for (const CaptureGrowth& growth : data.growth) {
    json::array groups;
    for (const GroupGrowth& group : growth.groups) {
      groups.push_back({{"name", text(group.after.name)},
                        {"location", text(group.after.location)},
                        {"state", text(group.after.state)},
                        {"before", group.before},
                        {"now", group.now},
                        {"share", group.share},
                        {"stack", texts(group.after.stack)}});
    }
    list.push_back({{"kind", to_string(growth.after.kind)},
                    {"from", growth.before.id},
                    {"to", growth.after.id},
                    {"before", growth.weight_before},
                    {"now", growth.weight_after},
                    {"groups", std::move(groups)}});
  }
  return list;
}

json::array captures_of(const ReportData& data) {
  json::array list;
  for (const Capture& capture : data.captures) {
    list.push_back({{"id", capture.id},
                    {"time", time(capture.time)},
                    {"kind", to_string(capture.kind)},
                    {"reason", to_string(capture.reason)},
                    {"instance", capture.instance},
                    {"alert", capture.alert ? json::value(*capture.alert) : json::value(nullptr)},
                    {"file", text(capture.file)},
                    {"bytes", capture.bytes}});
  }
  return list;
}

json::value verdict_of(const ReportData& data) {
  if (!data.verdict) return nullptr;
  return json::object{{"outcome", to_string(data.verdict->outcome)},
                      {"reason", text(data.verdict->reason)}};
}

json::array detectable_of(const ReportData& data) {
  json::array list;
  for (const Sensitivity& one : data.smallest_detectable) {
    list.push_back({{"detector", text(one.detector)},
                    {"metric", describe(one.metric).name},
                    {"slope_per_hour", number(one.slope_per_hour)},
                    {"confidence", number(one.confidence)},
                    {"span_seconds", seconds_of(one.span)}});
  }
  return list;
}

json::value open_of(const ReportData& data) {
  const Culprit* culprit = first_culprit(data);
  if (culprit == nullptr) return nullptr;
  return json::object{{"name", text(culprit->name)}, {"location", text(culprit->location)}};
}

}  // namespace

std::string report_json(const ReportData& data) {
  json::array instances;
  for (const ReportInstance& one : data.instances) instances.push_back(instance_of(one));
  json::array alerts;
  for (const ReportAlert& one : data.alerts) alerts.push_back(alert_of(one));
  json::array series;
  for (const ReportSeries& one : data.series) series.push_back(series_of(one));
  json::array gaps;
  for (const ReportGap& gap : data.gaps) {
    gaps.push_back({{"instance", gap.instance}, {"from", time(gap.from)}, {"to", time(gap.to)}});
  }
  const bool has_samples = data.samples > 0;
  const json::object object{{"schema", kSchema},
                            {"made", time(data.made)},
                            {"target", text(data.target.name)},
                            {"spec", text(data.target.spec)},
                            {"status", to_string(status_of(data))},
                            {"headline", text(headline_of(data))},
                            {"open", open_of(data)},
                            {"verdict", verdict_of(data)},
                            {"since", time(data.since)},
                            {"until", time(data.until)},
                            {"first_sample", has_samples ? time(data.first) : json::value(nullptr)},
                            {"last_sample", has_samples ? time(data.last) : json::value(nullptr)},
                            {"samples", data.samples},
                            {"interval_seconds", seconds_of(data.interval)},
                            {"host", texts(data.host)},
                            {"instances", std::move(instances)},
                            {"alerts", std::move(alerts)},
                            {"smallest_detectable", detectable_of(data)},
                            {"captures", captures_of(data)},
                            {"growth", growth_of(data)},
                            {"gaps", std::move(gaps)},
                            {"events", events_of(data)},
                            {"events_left_out", data.events_left_out},
                            {"series", std::move(series)}};
  return json::serialize(object) + "\n";
}

}  // namespace soakwatch
