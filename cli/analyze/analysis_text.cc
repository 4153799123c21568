#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/alert_text.h"
#include "cli/analyze/analysis_output.h"
#include "cli/analyze/verdict.h"
#include "cli/terminal.h"
#include "model/alert_family.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

// More would bury the rest; --json has all.
constexpr std::size_t kMostTables = 10;
constexpr std::size_t kMostFamiliesShown = 50;
constexpr std::size_t kMostObservationsShown = 30;

std::string upper(std::string_view word) {
  std::string text(word);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string who(std::int64_t number, const std::string& target, int pid) {
  std::string text = target.empty() ? fmt::format("process {}", number) : printable(target);
  if (pid > 0) text += fmt::format(" (pid {})", pid);
  return text;
}

std::string slope_cell(const SeriesResult& series) {
  if (!series.slope) return "";
  return fmt::format("{} ({} to {})", format_rate(series.metric, series.slope->value),
                     format_rate(series.metric, series.slope->low),
                     format_rate(series.metric, series.slope->high));
}

std::string state_cell(SeriesState state) {
  std::string text(to_string(state));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

// Columns as wide as their widest cell.
class TextTable {
 public:
  using Row = std::array<std::string, 6>;
  void add(Row row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::string text(bool color) const {
    std::array<std::size_t, std::tuple_size_v<Row>> width{};
    for (const Row& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
    }
    std::string out;
    for (const Row& row : rows_) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i)
        line += fmt::format("  {:<{}}", row[i], width[i]);
      line.erase(line.find_last_not_of(' ') + 1);
      out += (&row == &rows_.front() ? dim(line, color) : line) + "\n";
    }
    return out;
  }

 private:
  std::vector<Row> rows_;
};

std::string table_of(const InstanceResult& instance, bool color) {
  TextTable table;
  table.add({"metric", "samples", "span", "state", "slope (95 % interval)", "smallest leak seen"});
  bool counters = false;
  for (const SeriesResult& series : instance.series) {
    const MetricDescriptor& metric = describe(series.metric);
    if (metric.type == MetricType::kCounter && series.state == SeriesState::kNotJudged) {
      counters = true;  // they rise in any program
      continue;
    }
    table.add({std::string(metric.name), fmt::format("{}", series.samples),
               format_duration(series.span), state_cell(series.state), slope_cell(series),
               series.detectable ? format_rate(series.metric, *series.detectable) : ""});
  }
  return table.text(color) +
         (counters ? dim("  (counters are left out: they rise in any program)", color) + "\n" : "");
}

std::string alert_text(const Alert& alert, std::string_view indent, bool color) {
  const Finding& f = alert.finding;
  std::string out = fmt::format("{}{}  {}  {}, {}\n", indent, state_word(alert, color),
                                bold(describe(f.metric).name, color), severity_word(alert, color),
                                who(alert.instance, alert.target_name, alert.pid));
  const auto line = [&](std::string_view label, const std::string& what) {
    if (!what.empty()) out += fmt::format("{}  {:<8}{}\n", indent, label, what);
  };
  line("since", format_local(f.since) +
                    (alert.fired_at ? ", told at " + format_local(*alert.fired_at) : ""));
  line("grew", fmt::format("from {} to {}", format_value(f.metric, f.base),
                           format_value(f.metric, f.current)));
  if (f.is_leak) {
    line("pace",
         fmt::format("{}, 95 % interval {} to {}", format_rate(f.metric, f.slope_per_hour),
                     format_rate(f.metric, f.slope_low), format_rate(f.metric, f.slope_high)));
  } else {
    line("note", "no leak, but worth a look: " + printable(f.summary, 400));
  }
  line("cause", printable(f.cause, 400));
  for (const std::string& other : f.ruled_out) line("not", printable(other, 400));
  line("limit", limit_text(alert, alert.updated));
  return out;
}

// Alerts that another one explains stand under it.
std::string alerts_text(const Analysis& analysis, bool color) {
  std::vector<Alert> alerts;
  for (const AlertResult& result : analysis.alerts) alerts.push_back(result.alert);
  std::string out;
  std::size_t shown = 0;
  for (const AlertFamily& family : families_of(alerts)) {
    if (++shown > kMostFamiliesShown) return out + "  and more; --json has all\n";
    out += alert_text(*family.root, "  ", color);
    for (const Alert* child : family.children) out += alert_text(*child, "      ", color);
  }
  return out;
}

std::string observations_text(const Analysis& analysis) {
  std::string out;
  const std::size_t shown = std::min(analysis.observations.size(), kMostObservationsShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const Observation& o = analysis.observations[i].observation;
    out += fmt::format("  {}  {}: {}\n", format_local(o.since), describe(o.metric).name,
                       printable(o.summary, 400));
  }
  if (shown < analysis.observations.size())
    out += fmt::format("  and {} more\n", analysis.observations.size() - shown);
  return out;
}

// Those that are shown: where something was found, and the longest.
std::vector<const InstanceResult*> chosen_instances(const Analysis& analysis) {
  std::vector<const InstanceResult*> chosen;
  for (const InstanceResult& instance : analysis.instances) chosen.push_back(&instance);
  const auto weight = [](const InstanceResult* instance) {
    SeriesState worst = SeriesState::kNotJudged;
    for (const SeriesResult& series : instance->series) worst = std::max(worst, series.state);
    return std::pair(std::max(worst, SeriesState::kSteady), instance->span);
  };
  if (chosen.size() <= kMostTables) return chosen;
  std::stable_sort(chosen.begin(), chosen.end(),
                   [&](const auto* a, const auto* b) { return weight(a) > weight(b); });
  chosen.resize(kMostTables);
  std::sort(chosen.begin(), chosen.end(),
            [](const auto* a, const auto* b) { return a->number < b->number; });
  return chosen;
}

}  // namespace

std::string analysis_text(const Analysis& analysis, const AnalysisSource& source, bool color) {
  const std::string word = upper(to_string(analysis.verdict));
  std::string out = fmt::format(
      "{}  {}\n", analysis.verdict == Verdict::kLeak ? red(word, color) : bold(word, color),
      analysis.summary);
  out += fmt::format("{}: {} sample{}, {} process{}\n", printable(source.file), analysis.samples,
                     analysis.samples == 1 ? "" : "s", analysis.instance_count,
                     analysis.instance_count == 1 ? "" : "es");
  const auto section = [&](std::string_view title, const std::string& body) {
    if (!body.empty()) out += "\n" + bold(title, color) + "\n" + body;
  };
  section("Alerts", alerts_text(analysis, color));
  section("Not a leak", observations_text(analysis));
  const auto instances = chosen_instances(analysis);
  for (const InstanceResult* instance : instances) {
    section(fmt::format("{}, {} to {}", who(instance->number, instance->target, instance->pid),
                        format_local(instance->first), format_local(instance->last)),
            table_of(*instance, color));
  }
  const auto listed = static_cast<std::int64_t>(instances.size());
  if (listed < analysis.instance_count) {
    out += fmt::format("\n{} more processes were judged; --json lists them{}\n",
                       analysis.instance_count - listed,
                       analysis.left_out ? ", as far as they are not too many" : "");
  }
  return out;
}

}  // namespace soakwatch
