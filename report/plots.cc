#include "report/plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/printable.h"
#include "report/words.h"

namespace soakwatch {
namespace {

// What a reader looks for first, where it changes at all.
constexpr std::array kMainMetrics{
    Metric::kRssBytes, Metric::kHeapAllocBytes,  Metric::kGoroutines,      Metric::kOpenFds,
    Metric::kThreads,  Metric::kCpuSecondsTotal, Metric::kAllocBytesTotal, Metric::kGcCyclesTotal};
// A pause of so many usual distances breaks the line.
constexpr int kBreakSteps = 5;

bool is_counter(Metric metric) { return describe(metric).type == MetricType::kCounter; }

std::string rate_value(Metric metric, double per_second) {
  switch (describe(metric).unit) {
    case Unit::kSeconds:
    case Unit::kRatio:
      return format_amount(Unit::kRatio, per_second);
    case Unit::kBytes:
      return format_bytes(per_second) + "/s";
    case Unit::kCount:
      break;
  }
  return per_second >= 100 ? format_amount(Unit::kCount, per_second) + "/s"
                           : fmt::format("{:.3g}/s", per_second);
}

milliseconds break_length(const std::vector<Bucket>& buckets) {
  std::vector<milliseconds> steps;
  for (std::size_t i = 1; i < buckets.size(); ++i)
    steps.push_back(buckets[i].begin - buckets[i - 1].end);
  if (steps.empty()) return milliseconds::max();
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return std::max(*middle, milliseconds(1)) * kBreakSteps;
}

// Per second, up to the bucket's last value; nothing where there is nothing to compare with.
std::optional<double> rate_of(const Bucket* before, const Bucket& bucket) {
  const std::chrono::duration<double> step = bucket.end - (before ? before->end : bucket.begin);
  const double rise = bucket.last - (before ? before->last : bucket.first);
  if (step.count() <= 0 || rise < 0) return std::nullopt;
  return rise / step.count();
}

void add_curve(const MetricSeries& series, PlotSpec& spec) {
  const milliseconds longest = break_length(series.buckets);
  const Bucket* before = nullptr;
  for (const Bucket& bucket : series.buckets) {
    const bool follows = before != nullptr && before->instance == bucket.instance &&
                         bucket.begin - before->end <= longest;
    if (!follows) spec.segments.emplace_back();
    if (is_counter(series.metric)) {
      if (const auto rate = rate_of(follows ? before : nullptr, bucket))
        spec.segments.back().push_back({bucket.end, *rate, *rate});
    } else {
      spec.segments.back().push_back(
          {bucket.begin + (bucket.end - bucket.begin) / 2, bucket.min, bucket.max});
    }
    before = &bucket;
  }
  std::erase_if(spec.segments, [](const auto& segment) { return segment.empty(); });
}

void add_alerts(const ReportData& data, Metric metric, PlotSpec& spec) {
  for (const ReportAlert& one : data.alerts) {
    const Alert& alert = one.alert;
    if (alert.finding.metric != metric) continue;
    const std::string name = fmt::format("alert {}, {}", alert.id, to_string(alert.state));
    spec.spans.push_back(
        {PlotSpan::Kind::kAlert, alert.finding.since, alert.resolved_at.value_or(spec.end), name});
    if (alert.fired_at) {
      spec.marks.push_back({PlotMark::Kind::kFired, *alert.fired_at,
                            name + ": fired at " + short_time_text(data, *alert.fired_at)});
    }
    if (!one.floor) continue;
    spec.lines.push_back(
        {one.floor->from, one.floor->to, one.floor->at_from, one.floor->at_to, true, {}});
  }
}

void add_happenings(const ReportData& data, PlotSpec& spec) {
  for (const ReportGap& gap : data.gaps) {
    spec.spans.push_back({PlotSpan::Kind::kGap, gap.from, gap.to,
                          "no samples for " + format_duration(gap.to - gap.from)});
  }
  for (const Event& event : data.events) {
    if (event.kind != EventKind::kInstanceRestarted && event.kind != EventKind::kProgramReplaced)
      continue;
    spec.marks.push_back({PlotMark::Kind::kRestart, event.time,
                          short_time_text(data, event.time) + "  " +
                              std::string(to_string(event.kind)) + ": " + event.detail});
  }
  for (const Capture& capture : data.captures) {
    spec.marks.push_back({PlotMark::Kind::kCapture, capture.time,
                          fmt::format("{}  capture: {}, {}", short_time_text(data, capture.time),
                                      to_string(capture.kind), to_string(capture.reason))});
  }
}

}  // namespace

std::string plot_title(Metric metric) {
  switch (metric) {
    case Metric::kCpuSecondsTotal:
      return "Processor use";
    case Metric::kAllocBytesTotal:
      return "Allocation rate";
    case Metric::kGcPauseSecondsTotal:
      return "Share of the time in collection pauses";
    default:
      break;
  }
  const std::string label(label_of(metric));
  return is_counter(metric) ? label + " per second" : label;
}

PlotChoice choose_plots(const ReportData& data) {
  PlotChoice choice;
  std::vector<bool> taken(data.series.size(), false);
  const auto take = [&](Metric metric) {
    for (std::size_t i = 0; i < data.series.size(); ++i) {
      const MetricSeries& series = data.series[i].data;
      const bool changes = series.max > series.min;
      if (series.metric != metric || taken[i] || !changes) continue;
      taken[i] = true;
      choice.main.push_back(i);
    }
  };
  for (const ReportAlert& one : data.alerts) take(one.alert.finding.metric);
  for (const Metric metric : kMainMetrics) take(metric);
  for (std::size_t i = 0; i < data.series.size(); ++i) {
    const MetricSeries& series = data.series[i].data;
    if (taken[i] || series.samples < 2) continue;
    (series.max > series.min ? choice.further : choice.constant).push_back(i);
  }
  return choice;
}

PlotSpec plot_of(const ReportData& data, std::size_t series) {
  const ReportSeries& shown = data.series[series];
  const Metric metric = shown.data.metric;
  PlotSpec spec;
  spec.label = plot_title(metric);
  spec.begin = data.first;
  spec.end = data.last;
  spec.zone = zone_offset(data.first);
  spec.is_binary = describe(metric).unit == Unit::kBytes;
  if (is_counter(metric)) {
    spec.format = [metric](double value) { return rate_value(metric, value); };
  } else {
    spec.format = [metric](double value) { return format_value(metric, value); };
  }
  add_curve(shown.data, spec);
  add_alerts(data, metric, spec);
  // A line through what is no line would say something false.
  constexpr double kMostOff = 0.2;
  const bool fits = shown.floor && shown.floor->off <= kMostOff * (shown.data.max - shown.data.min);
  if (spec.lines.empty() && fits && !is_counter(metric)) {
    const FloorLine& floor = *shown.floor;
    spec.lines.push_back({floor.from, floor.to, floor.at_from, floor.at_to, false, {}});
  }
  add_happenings(data, spec);
  return spec;
}

}  // namespace soakwatch
