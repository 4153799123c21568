// CSV into samples: the shell script's logs and our own exports.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"
#include "model/sample.h"

namespace soakwatch {

struct CsvSample {
  WallTime time;
  std::optional<std::string> target;  // from a `target` column
  std::optional<std::int64_t> pid;    // from a `pid` column
  MetricValues values;
};

struct CsvReadOptions {
  // The day of the first row of a log that has only HH:MM:SS (each step back in time is a
  // midnight, but for the hour that a zone repeats in autumn). The script puts it into the file's
  // name, mem-YYYYMMDD-HHMMSS.log. Absent: 1970-01-01, good for durations only.
  std::optional<std::chrono::sys_days> first_day;
  std::size_t max_line_bytes = 65536;
};

struct CsvReadSummary {
  std::int64_t rows = 0;
  std::int64_t skipped_rows = 0;             // without any value, or a last line cut short
  std::vector<std::string> unknown_columns;  // left out
};

// Reads a stream row by row in bounded memory. `sample` returns false to stop. Wide and long forms,
// comma, semicolon or tab, decimal point or comma, with or without BOM, quoted cells with line
// breaks; a banner before the header is passed over. Empty and "N/A" are missing values. Error
// kInvalid: "line N, column 'X': expected ..., found '...'".
Result<CsvReadSummary> read_csv(std::istream& in, const CsvReadOptions& options,
                                const std::function<bool(const CsvSample&)>& sample);

// 2026-11-20 from ".../mem-20261120-084000.log".
std::optional<std::chrono::sys_days> day_from_file_name(std::string_view file_name);

}  // namespace soakwatch
