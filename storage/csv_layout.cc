#include "storage/csv_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <set>
#include <utility>

#include "model/printable.h"
#include "storage/csv_records.h"

namespace soakwatch {
namespace {

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

CsvColumn column_of(const std::string& name) {
  static constexpr std::pair<std::string_view, CsvRole> kRoles[] = {
      {"time", CsvRole::kTime}, {"time_utc", CsvRole::kTime},     {"target", CsvRole::kTarget},
      {"pid", CsvRole::kPid},   {"metric", CsvRole::kMetricName}, {"value", CsvRole::kValue},
  };
  CsvColumn column = metric_column(name).value_or(CsvColumn{});
  column.name = name;
  for (const auto& [word, role] : kRoles) {
    if (name == word) column.role = role;
  }
  return column;
}

bool has(const CsvLayout& layout, CsvRole role) {
  return std::any_of(layout.columns.begin(), layout.columns.end(),
                     [&](const CsvColumn& column) { return column.role == role; });
}

bool looks_like_header(const CsvLayout& layout) {
  return has(layout, CsvRole::kTime) || has(layout, CsvRole::kMetric);
}

Result<void> check_duplicates(const CsvLayout& layout) {
  std::set<std::string> names;
  std::bitset<kMetricCount> metrics;
  for (const CsvColumn& column : layout.columns) {
    const bool again = column.role == CsvRole::kMetric && metrics.test(index_of(column.metric));
    if (again || (!column.name.empty() && !names.insert(column.name).second)) {
      return invalid(fmt::format("column '{}' is there twice{}", printable(column.name, 40),
                                 again ? ", under one name or another" : ""));
    }
    if (column.role == CsvRole::kMetric) metrics.set(index_of(column.metric));
  }
  return {};
}

// `time_utc` means the same everywhere, `time` beside it is for the spreadsheet. A long form has
// `metric` and `value`; in a wide one these are words like others.
void settle_roles(CsvLayout& layout) {
  const bool has_utc =
      std::any_of(layout.columns.begin(), layout.columns.end(),
                  [](const CsvColumn& column) { return column.name == "time_utc"; });
  const bool is_long = has(layout, CsvRole::kMetricName) && has(layout, CsvRole::kValue) &&
                       !has(layout, CsvRole::kMetric);
  for (CsvColumn& column : layout.columns) {
    if (has_utc && column.name == "time") {
      column.role = CsvRole::kIgnored;
      continue;
    }
    const bool of_long = column.role == CsvRole::kMetricName || column.role == CsvRole::kValue;
    if (of_long && !is_long) column.role = CsvRole::kIgnored;
    if (column.role == CsvRole::kIgnored) layout.unknown_columns.push_back(column.name);
  }
}

CsvLayout split_layout(std::string_view line, char separator) {
  CsvLayout layout;
  layout.separator = separator;
  for (const std::string& cell : split_header(line, separator)) {
    layout.columns.push_back(column_of(lower_case(cell)));
  }
  return layout;
}

}  // namespace

std::optional<CsvColumn> metric_column(std::string_view name) {
  CsvColumn column;
  column.role = CsvRole::kMetric;
  if (name == "rss_mb") {
    column.scale = kCsvBytesPerMiB;
    return column;
  }
  const std::optional<Metric> metric = metric_from_name(name);
  if (!metric) return std::nullopt;
  column.metric = *metric;
  return column;
}

Result<std::optional<CsvLayout>> csv_layout(std::string_view line) {
  for (const char separator : {',', ';', '\t'}) {
    CsvLayout layout = split_layout(line, separator);
    if (!looks_like_header(layout)) continue;
    if (auto checked = check_duplicates(layout); !checked) return checked.error();
    settle_roles(layout);
    const std::string shown = printable(line, 120);
    if (!has(layout, CsvRole::kTime)) {
      return invalid("the header has no column 'time': '" + shown + "'");
    }
    if (!has(layout, CsvRole::kMetric) && !has(layout, CsvRole::kValue)) {
      return invalid("the header has no column with the name of a metric: '" + shown + "'");
    }
    return std::optional(std::move(layout));
  }
  return std::optional<CsvLayout>();
}

}  // namespace soakwatch
