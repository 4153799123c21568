// What the columns of a CSV mean, as its header says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/metric.h"
#include "model/result.h"

namespace soakwatch {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // how spreadsheets know UTF-8
inline constexpr double kCsvBytesPerMiB = 1024.0 * 1024.0;  // the script divides KiB by 1024

enum class CsvRole { kIgnored, kTime, kTarget, kPid, kMetric, kMetricName, kValue };

struct CsvColumn {
  CsvRole role = CsvRole::kIgnored;
  Metric metric = Metric::kRssBytes;  // of kMetric
  double scale = 1;                   // cell times scale is the value in the metric's unit
  std::string name;
};

struct CsvLayout {
  char separator = ',';
  std::vector<CsvColumn> columns;
  std::vector<std::string> unknown_columns;
};

// Nothing: the line is no header (of a banner, say). Error kInvalid: it is one that cannot be used.
Result<std::optional<CsvLayout>> csv_layout(std::string_view line);

// The metric of a column's name, canonical or the script's.
std::optional<CsvColumn> metric_column(std::string_view name);

}  // namespace soakwatch
