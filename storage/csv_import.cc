#include "storage/csv_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "model/printable.h"
#include "storage/csv_layout.h"
#include "storage/csv_records.h"
#include "storage/csv_time.h"

namespace soakwatch {
namespace {

// The script's banner has four lines.
constexpr int kHeaderSearchLines = 50;
constexpr std::size_t kUnknownNamesLimit = 100;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool is_missing(std::string_view cell) {
  return cell.empty() || (cell.size() == 3 && (cell == "N/A" || cell == "n/a"));
}

// What csv_cell() put before text that a spreadsheet would take for a formula.
std::string_view without_guard(std::string_view cell) {
  constexpr std::string_view kStarts("=+-@\t\r\0", 7);
  if (cell.size() > 1 && cell[0] == '\'' && kStarts.find(cell[1]) != std::string_view::npos) {
    cell.remove_prefix(1);
  }
  return cell;
}

// Reads a file whose header is known.
class RowReader {
 public:
  RowReader(CsvRecords& records, CsvLayout layout, const CsvReadOptions& options,
            const std::function<bool(const CsvSample&)>& sample)
      : records_(records),
        layout_(std::move(layout)),
        clock_(options.first_day.value_or(std::chrono::sys_days{})),
        max_line_bytes_(options.max_line_bytes),
        sample_(sample) {
    summary_.unknown_columns = layout_.unknown_columns;
  }

  Result<CsvReadSummary> run();

 private:
  Result<void> read_row();
  Result<void> read_cell(const CsvColumn& column, std::string_view cell);
  Result<void> read_long_value(std::string_view name, std::string_view cell,
                               const CsvColumn& value_column);
  // False: an expected number is none.
  bool parse_number(std::string_view cell, double& value);
  bool emit(const CsvSample& row);
  // Long form: rows of one time and process make one sample. False: the receiver wants no more.
  bool collect_long();
  Error wrong_cell(const CsvColumn& column, std::string_view expected, std::string_view cell) const;

  CsvRecords& records_;
  CsvLayout layout_;
  CsvClock clock_;
  std::size_t max_line_bytes_;
  const std::function<bool(const CsvSample&)>& sample_;
  CsvReadSummary summary_;
  CsvSample row_;
  CsvSample group_;  // long form: what has been collected
  bool group_open_ = false;
  bool is_long_ = false;
  std::string scratch_;  // a number with its decimal comma made a point
};

Error RowReader::wrong_cell(const CsvColumn& column, std::string_view expected,
                            std::string_view cell) const {
  return invalid(fmt::format("line {}, column '{}': expected {}, found '{}'", records_.line(),
                             printable(column.name, 40), expected, printable(cell, 40)));
}

bool RowReader::parse_number(std::string_view cell, double& value) {
  if (layout_.separator != ',' && cell.find(',') != std::string_view::npos) {
    scratch_ = cell;
    std::replace(scratch_.begin(), scratch_.end(), ',', '.');
    cell = scratch_;
  }
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return error == std::errc() && end == cell.data() + cell.size() && std::isfinite(value) &&
         value >= 0;
}

Result<void> RowReader::read_cell(const CsvColumn& column, std::string_view cell) {
  switch (column.role) {
    case CsvRole::kTime: {
      const std::optional<WallTime> time = clock_.parse(trimmed(cell));
      if (!time) return wrong_cell(column, "a time", cell);
      row_.time = *time;
      break;
    }
    case CsvRole::kMetric: {
      const std::string_view number = trimmed(cell);
      if (is_missing(number)) break;
      double value = 0;
      if (!parse_number(number, value)) return wrong_cell(column, "a number, 0 or more,", cell);
      if (column.scale != 1) value = std::nearbyint(value * column.scale);
      row_.values.set(column.metric, value);
      break;
    }
    case CsvRole::kTarget:
      cell = without_guard(cell);
      if (cell.empty()) {
        row_.target.reset();
      } else if (row_.target) {
        row_.target->assign(cell);
      } else {
        row_.target.emplace(cell);
      }
      break;
    case CsvRole::kPid: {
      const std::string_view number = trimmed(cell);
      row_.pid.reset();
      if (is_missing(number)) break;
      std::int64_t pid = 0;
      const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), pid);
      constexpr std::int64_t kMaxPid = 4194304;  // PID_MAX_LIMIT of a 64-bit kernel
      if (error != std::errc() || end != number.data() + number.size() || pid < 0 ||
          pid > kMaxPid) {
        return wrong_cell(column, "a process id", cell);
      }
      row_.pid = pid;
      break;
    }
    case CsvRole::kIgnored:
    case CsvRole::kMetricName:
    case CsvRole::kValue:
      break;
  }
  return {};
}

Result<void> RowReader::read_long_value(std::string_view name, std::string_view cell,
                                        const CsvColumn& value_column) {
  const std::optional<CsvColumn> metric = metric_column(name);
  if (!metric) {
    auto& unknown = summary_.unknown_columns;
    if (unknown.size() < kUnknownNamesLimit &&
        std::find(unknown.begin(), unknown.end(), name) == unknown.end()) {
      unknown.emplace_back(name);
    }
    return {};
  }
  CsvColumn column = *metric;
  column.name = value_column.name;
  return read_cell(column, cell);
}

Result<void> RowReader::read_row() {
  const std::vector<std::string_view>& cells = records_.cells();
  if (cells.size() != layout_.columns.size()) {
    return invalid(fmt::format("line {}: expected {} cells as in the header, found {}",
                               records_.line(), layout_.columns.size(), cells.size()));
  }
  row_.values = MetricValues();
  std::string_view metric_name;
  std::size_t value_at = cells.size();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const CsvColumn& column = layout_.columns[i];
    if (column.role == CsvRole::kMetricName) metric_name = trimmed(cells[i]);
    if (column.role == CsvRole::kValue) value_at = i;
    if (auto read = read_cell(column, cells[i]); !read) return read;
  }
  if (value_at == cells.size()) return {};
  is_long_ = true;
  return read_long_value(metric_name, cells[value_at], layout_.columns[value_at]);
}

bool RowReader::emit(const CsvSample& row) {
  ++summary_.rows;
  return sample_(row);
}

bool RowReader::collect_long() {
  if (group_open_ && group_.time == row_.time && group_.target == row_.target &&
      group_.pid == row_.pid) {
    group_.values.merge(row_.values);
    return true;
  }
  const bool go_on = !group_open_ || emit(group_);
  group_ = row_;
  group_open_ = go_on;
  return go_on;
}

Result<CsvReadSummary> RowReader::run() {
  while (true) {
    const CsvStep step = records_.next_record(layout_.separator);
    if (step == CsvStep::kEnd) break;
    if (step == CsvStep::kTooLong) {
      return invalid(
          fmt::format("line {}: longer than {} bytes", records_.line(), max_line_bytes_));
    }
    if (step == CsvStep::kRecord && trimmed(records_.text()).empty()) continue;
    Result<void> read;
    if (step == CsvStep::kOpenQuote) {
      read = invalid(fmt::format("line {}: a quoted cell is not closed", records_.line()));
    } else {
      read = read_row();
    }
    if (!read) {
      // What a killed writer leaves behind.
      const bool cut_short = !records_.ended_by_newline() && !records_.spans_lines();
      if (!cut_short) return read.error();
      ++summary_.skipped_rows;
      break;
    }
    if (row_.values.empty()) {
      ++summary_.skipped_rows;
    } else if (!(is_long_ ? collect_long() : emit(row_))) {
      return summary_;
    }
  }
  if (group_open_) emit(group_);
  return summary_;
}

}  // namespace

Result<CsvReadSummary> read_csv(std::istream& in, const CsvReadOptions& options,
                                const std::function<bool(const CsvSample&)>& sample) {
  CsvRecords records(in, options.max_line_bytes);
  std::string first_line;
  for (int i = 0; i < kHeaderSearchLines; ++i) {
    const CsvStep step = records.next_line();
    if (step == CsvStep::kTooLong) {
      return invalid(
          fmt::format("line {}: longer than {} bytes", records.line(), options.max_line_bytes));
    }
    if (step != CsvStep::kRecord) break;
    std::string_view line = records.text();
    if (records.line() == 1 && line.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
      line.remove_prefix(kByteOrderMark.size());
    }
    if (first_line.empty()) first_line = line;
    Result<std::optional<CsvLayout>> layout = csv_layout(line);
    if (!layout) return layout.error().in(fmt::format("line {}", records.line()));
    if (!*layout) continue;
    return RowReader(records, std::move(**layout), options, sample).run();
  }
  if (first_line.empty())
    return invalid("the file is empty: expected a header with a column 'time'");
  return invalid(
      fmt::format("no header: expected a line with a column 'time' among the first {}; "
                  "the file begins '{}'",
                  kHeaderSearchLines, printable(first_line, 80)));
}

std::optional<std::chrono::sys_days> day_from_file_name(std::string_view file_name) {
  file_name.remove_prefix(file_name.rfind('/') + 1);  // npos + 1 is 0
  constexpr std::string_view kPrefix = "mem-";
  constexpr std::size_t kDateDigits = 8;
  if (file_name.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  file_name.remove_prefix(kPrefix.size());
  const std::size_t digits = std::min(file_name.find_first_not_of("0123456789"), file_name.size());
  if (digits != kDateDigits) return std::nullopt;
  unsigned number = 0;
  std::from_chars(file_name.data(), file_name.data() + kDateDigits, number);
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number / 10000)),
                                         std::chrono::month(number / 100 % 100),
                                         std::chrono::day(number % 100)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

}  // namespace soakwatch
