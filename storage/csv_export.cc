#include "storage/csv_export.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "storage/csv_layout.h"
#include "storage/row_cursor.h"
#include "storage/row_values.h"

namespace soakwatch {
namespace {

constexpr std::array kScriptMetrics{Metric::kHeapAllocBytes, Metric::kHeapInuseBytes,
                                    Metric::kGoroutines};

char separator_of(const CsvOptions& options) { return options.decimal == ',' ? ';' : ','; }

void append_integer(std::int64_t value, std::string& out) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

void append_decimal(std::string_view number, char decimal, std::string& out) {
  const std::size_t start = out.size();
  out += number;
  const std::size_t point = out.find('.', start);
  if (decimal != '.' && point != std::string::npos) out[point] = decimal;
}

// What the database stores: whole numbers without a fraction, other ones as short as reads back
// the same. Empty for what is not a number.
void append_value(Metric metric, double value, char decimal, std::string& out) {
  if (!std::isfinite(value)) return;
  const double whole = std::nearbyint(value);
  if (is_integral(metric)) {
    if (whole >= -kInt64End && whole < kInt64End) {
      append_integer(static_cast<std::int64_t>(whole), out);
    }
    return;
  }
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  append_decimal({text.data(), static_cast<std::size_t>(end - text.data())}, decimal, out);
}

void append_mebibytes(double bytes, char decimal, std::string& out) {
  std::array<char, 350> text{};  // the longest double in fixed form has 309 digits
  const auto end = std::to_chars(text.data(), text.data() + text.size(), bytes / kCsvBytesPerMiB,
                                 std::chars_format::fixed, 1)
                       .ptr;
  append_decimal({text.data(), static_cast<std::size_t>(end - text.data())}, decimal, out);
}

void append_times(const CsvOptions& options, WallTime time, std::string& out) {
  if (options.spreadsheet) {
    out += format_local(time);
    out += separator_of(options);
    out += format_utc(time);
  } else if (options.format == CsvFormat::kMemMonitor) {
    out += format_local_clock(time);
  } else {
    out += format_utc(time);
  }
}

void append_origin(const CsvOptions& options, const SampleRow& row, std::string& out) {
  const char separator = separator_of(options);
  append_times(options, row.sample.time, out);
  out += separator;
  if (row.target != nullptr) out += csv_cell(row.target->name, separator, options.raw);
  out += separator;
  // An import has no process.
  if (row.instance != nullptr && row.instance->process.id.pid > 0) {
    append_integer(row.instance->process.id.pid, out);
  }
}

std::string_view line_end(const CsvOptions& options) { return options.spreadsheet ? "\r\n" : "\n"; }

bool begins_a_formula(std::string_view text) {
  constexpr std::string_view kStarts("=+-@\t\r\0", 7);
  return !text.empty() && kStarts.find(text.front()) != std::string_view::npos;
}

}  // namespace

std::string csv_cell(std::string_view text, char separator, bool raw) {
  std::string cell;
  if (!raw && begins_a_formula(text)) cell = "'";
  cell += text;
  const std::array<char, 5> special{separator, '"', '\r', '\n', '\0'};
  if (cell.find_first_of(special.data(), 0, 4) == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

CsvWriter::CsvWriter(CsvOptions options) : options_(options) {}

std::string CsvWriter::header() const {
  const char separator = separator_of(options_);
  std::string line(options_.spreadsheet ? kByteOrderMark : std::string_view());
  line += "time";
  const auto add = [&](std::string_view name) {
    line += separator;
    line += name;
  };
  if (options_.spreadsheet) add("time_utc");
  if (options_.format == CsvFormat::kMemMonitor) {
    for (const Metric metric : kScriptMetrics) add(describe(metric).name);
    add("rss_mb");
  } else {
    add("target");
    add("pid");
    if (options_.format == CsvFormat::kLong) {
      add("metric");
      add("value");
    } else {
      for (const MetricDescriptor& metric : all_metrics()) add(metric.name);
    }
  }
  return line += line_end(options_);
}

int CsvWriter::append(const SampleRow& row, std::string& out) const {
  const char separator = separator_of(options_);
  const MetricValues values = typical_values(row);
  if (options_.format == CsvFormat::kLong) {
    std::string origin;
    append_origin(options_, row, origin);
    int rows = 0;
    for (const MetricDescriptor& metric : all_metrics()) {
      const std::optional<double> value = values.get(metric.id);
      if (!value || !std::isfinite(*value)) continue;
      out.append(origin).append(1, separator).append(metric.name).append(1, separator);
      append_value(metric.id, *value, options_.decimal, out);
      out += line_end(options_);
      ++rows;
    }
    return rows;
  }
  if (options_.format == CsvFormat::kMemMonitor) {
    append_times(options_, row.sample.time, out);
    for (const Metric metric : kScriptMetrics) {
      out += separator;
      const std::optional<double> value = values.get(metric);
      value ? append_value(metric, *value, options_.decimal, out) : void(out += "N/A");
    }
    out += separator;
    const std::optional<double> rss = values.get(Metric::kRssBytes);
    rss ? append_mebibytes(*rss, options_.decimal, out) : void(out += "N/A");
  } else {
    append_origin(options_, row, out);
    for (const MetricDescriptor& metric : all_metrics()) {
      out += separator;
      const std::optional<double> value = values.get(metric.id);
      if (value) append_value(metric.id, *value, options_.decimal, out);
    }
  }
  out += line_end(options_);
  return 1;
}

}  // namespace soakwatch
