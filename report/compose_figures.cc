// The sections that show figures: what was watched, how it went, the heap, the descriptors.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <span>

#include "model/printable.h"
#include "report/compose.h"
#include "report/plots.h"
#include "report/words.h"

namespace soakwatch {
namespace {

using Table::Form::kNumber;
using Table::Form::kWord;

constexpr std::size_t kMostInstances = 20;
constexpr std::size_t kMostCaptures = 50;
constexpr std::size_t kCommandLimitBytes = 300;

std::string limits_text(const ProcessInfo& process) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  const ProcessLimits& limits = process.limits;
  if (limits.open_files) add(format_amount(Unit::kCount, *limits.open_files) + " open files");
  if (limits.memory_bytes) add(format_bytes(*limits.memory_bytes) + " of memory (cgroup)");
  if (limits.tasks) add(format_amount(Unit::kCount, *limits.tasks) + " tasks (cgroup)");
  if (process.gogc_off) add("GOGC=off");
  if (process.gogc_percent) add(fmt::format("GOGC={:.0f}", *process.gogc_percent));
  if (process.gomemlimit_bytes) add("GOMEMLIMIT " + format_bytes(*process.gomemlimit_bytes));
  return text;
}

Table instances_table(const ReportData& data, std::size_t first) {
  Table table{{{"Pid", kWord}, {"Found", kWord}, {"Ended"}, {"Samples", kNumber}, {"Command"}}, {}};
  for (std::size_t i = first; i < data.instances.size(); ++i) {
    const ReportInstance& one = data.instances[i];
    const ProcessInfo& process = one.row.process;
    std::string end = "running";
    if (one.row.ended) {
      end = short_time_text(data, *one.row.ended);
      if (!one.row.end_reason.empty()) end += ", " + one.row.end_reason;
    }
    table.rows.push_back(
        {Text(std::to_string(process.id.pid)), short_time_text(data, one.row.first_seen), end,
         format_amount(Unit::kCount, static_cast<double>(one.samples)),
         Text().code(printable(process.cmdline.empty() ? process.comm : process.cmdline,
                               kCommandLimitBytes))});
  }
  return table;
}

// The metrics of them that were read.
Table metrics_table(const ReportData& data, std::span<const Metric> metrics) {
  Table table{{{"Figure"},
               {"At first", kNumber},
               {"At last", kNumber},
               {"Lowest", kNumber},
               {"Highest", kNumber},
               {"Floor, trend", kNumber}},
              {}};
  for (const Metric metric : metrics) {
    const ReportSeries* series = find_series(data, metric);
    if (series == nullptr) continue;
    const MetricSeries& s = series->data;
    table.rows.push_back(
        {Text(std::string(label_of(metric))), format_value(metric, s.first),
         format_value(metric, s.last), format_value(metric, s.min), format_value(metric, s.max),
         series->floor ? format_rate(metric, series->floor->slope_per_hour.value) : ""});
  }
  return table;
}

void add_table(const ReportData& data, std::initializer_list<Metric> metrics, Section& section) {
  Table table = metrics_table(data, std::span(metrics.begin(), metrics.size()));
  if (!table.rows.empty()) section.blocks.push_back({std::move(table)});
}

double span_seconds(const MetricSeries& series) {
  if (series.buckets.empty()) return 0;
  const std::chrono::duration<double> span =
      series.buckets.back().end - series.buckets.front().begin;
  return span.count();
}

// What a counter rose by in a second, on average; nothing where it did not run for one.
std::optional<double> per_second(const ReportData& data, Metric metric) {
  const ReportSeries* series = find_series(data, metric);
  if (series == nullptr) return std::nullopt;
  const double span = span_seconds(series->data);
  if (span < 1) return std::nullopt;
  return series->data.increase / span;
}

double increase(const ReportData& data, Metric metric) {
  const ReportSeries* series = find_series(data, metric);
  return series == nullptr ? 0 : series->data.increase;
}

Table captures_table(const ReportData& data) {
  Table table{{{"Time", kWord}, {"Capture"}, {"Why"}, {"Size", kNumber}, {"File"}}, {}};
  const std::size_t all = data.captures.size();
  for (std::size_t i = all > kMostCaptures ? all - kMostCaptures : 0; i < all; ++i) {
    const Capture& capture = data.captures[i];
    table.rows.push_back(
        {Text(short_time_text(data, capture.time)), std::string(to_string(capture.kind)),
         std::string(to_string(capture.reason)), format_bytes(static_cast<double>(capture.bytes)),
         Text().code(capture.file)});
  }
  return table;
}

}  // namespace

Section context_section(const ReportData& data) {
  Section section{"context", "Context", {}};
  Facts facts;
  facts.facts.push_back({"Target", Text().strong(data.target.name)});
  facts.facts.push_back({"Found by", Text().code(data.target.spec)});
  if (data.samples > 0) {
    Text watched(fmt::format("{} to {}, {}", time_text(data, data.first),
                             time_text(data, data.last), format_duration(data.last - data.first)));
    facts.facts.push_back({"Watched", std::move(watched)});
    Text samples(format_amount(Unit::kCount, static_cast<double>(data.samples)));
    if (data.interval) samples.plain(", one every " + format_duration(*data.interval));
    facts.facts.push_back({"Samples", std::move(samples)});
  }
  if (!data.instances.empty()) {
    const std::string limits = limits_text(data.instances.back().row.process);
    if (!limits.empty()) facts.facts.push_back({"Limits", limits});
  }
  for (std::size_t i = 0; i < data.host.size(); ++i)
    facts.facts.push_back({i == 0 ? "Host" : "", data.host[i]});
  section.blocks.push_back({std::move(facts)});
  if (!data.instances.empty()) {
    const std::size_t all = data.instances.size();
    const std::size_t first = all > kMostInstances ? all - kMostInstances : 0;
    if (first > 0) {
      section.blocks.push_back(
          {Paragraph{fmt::format("The last {} of {} processes.", kMostInstances, all), true}});
    }
    section.blocks.push_back({instances_table(data, first)});
  }
  if (!data.captures.empty()) {
    section.blocks.push_back(
        {Fold{fmt::format("{} captures", data.captures.size()), {{captures_table(data)}}}});
  }
  return section;
}

Section plots_section(const ReportData& data) {
  Section section{"plots", "Over time", {}};
  const PlotChoice choice = choose_plots(data);
  for (const std::size_t series : choice.main) section.blocks.push_back({Plot{series}});
  if (!choice.further.empty()) {
    Fold fold{fmt::format("{} more figures", choice.further.size()), {}};
    for (const std::size_t series : choice.further) fold.blocks.push_back({Plot{series}});
    section.blocks.push_back({std::move(fold)});
  }
  if (!choice.constant.empty()) {
    std::string text = "Did not change: ";
    for (std::size_t i = 0; i < choice.constant.size(); ++i) {
      const MetricSeries& series = data.series[choice.constant[i]].data;
      text += (i > 0 ? ", " : "") + std::string(label_of(series.metric)) + " (" +
              format_value(series.metric, series.last) + ")";
    }
    section.blocks.push_back({Paragraph{text + ".", true}});
  }
  return section;
}

Section heap_section(const ReportData& data) {
  Section section{"heap", "Live heap and garbage collection", {}};
  add_table(
      data,
      {Metric::kHeapAllocBytes, Metric::kHeapObjects, Metric::kHeapInuseBytes,
       Metric::kHeapIdleBytes, Metric::kHeapReleasedBytes, Metric::kNextGcBytes, Metric::kSysBytes},
      section);
  const double cycles = increase(data, Metric::kGcCyclesTotal);
  const std::optional<double> rate = per_second(data, Metric::kGcCyclesTotal);
  if (cycles > 0 && rate) {
    const double pause = increase(data, Metric::kGcPauseSecondsTotal);
    Text text(fmt::format(
        "{} collections, {:.2g} a minute; they stopped the program for {:.3g} ms "
        "in all, {:.2g} ms each",
        format_amount(Unit::kCount, cycles), *rate * 60, pause * 1000, pause * 1000 / cycles));
    if (const ReportSeries* share = find_series(data, Metric::kGcCpuFraction); share != nullptr) {
      text.plain("; the collector's share of the processor time is " +
                 format_amount(Unit::kRatio, share->data.last));
    }
    section.blocks.push_back({Paragraph{text.plain(".")}});
  }
  return section;
}

Section allocations_section(const ReportData& data) {
  Section section{"allocations", "Allocations", {}};
  const std::optional<double> bytes = per_second(data, Metric::kAllocBytesTotal);
  const std::optional<double> objects = per_second(data, Metric::kMallocsTotal);
  if (!bytes || !objects) return section;
  const double lost = increase(data, Metric::kMallocsTotal) - increase(data, Metric::kFreesTotal);
  section.blocks.push_back({Facts{
      {{"Allocated", format_bytes(increase(data, Metric::kAllocBytesTotal)) + " in all"},
       {"Rate", Text()
                    .strong(format_bytes(*bytes) + "/s")
                    .plain(fmt::format(", {} objects/s", format_amount(Unit::kCount, *objects)))},
       {"Kept",
        fmt::format("{} objects more than were freed", format_amount(Unit::kCount, lost))}}}});
  return section;
}

Section goroutines_section(const ReportData& data) {
  Section section{"goroutines", "Goroutines and threads", {}};
  add_table(data, {Metric::kGoroutines, Metric::kStackInuseBytes, Metric::kThreads}, section);
  return section;
}

Section descriptors_section(const ReportData& data) {
  Section section{"fds", "File descriptors", {}};
  add_table(data, {Metric::kOpenFds}, section);
  const ReportSeries* series = find_series(data, Metric::kOpenFds);
  if (series == nullptr || data.instances.empty()) return section;
  const std::optional<double> limit = data.instances.back().row.process.limits.open_files;
  if (limit && *limit > 0) {
    section.blocks.push_back(
        {Paragraph{fmt::format("At most {} of {} that the process may have open.",
                               format_amount(Unit::kRatio, series->data.max / *limit),
                               format_amount(Unit::kCount, *limit))}});
  }
  return section;
}

Section all_metrics_section(const ReportData& data) {
  Section section{"metrics", "All figures", {}};
  std::vector<Metric> metrics;
  for (const ReportSeries& series : data.series) metrics.push_back(series.data.metric);
  if (metrics.empty()) return section;
  section.blocks.push_back(
      {Fold{fmt::format("{} figures", metrics.size()), {{metrics_table(data, metrics)}}}});
  return section;
}

}  // namespace soakwatch
