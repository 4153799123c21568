// Samples as CSV (RFC 4180), for people and spreadsheets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/result.h"
#include "storage/sample_reader.h"

namespace soakwatch {

enum class CsvFormat {
  kWide,        // time,target,pid,<every metric>: one row per sample
  kLong,        // time,target,pid,metric,value: one row per value
  kMemMonitor,  // time,heap_alloc_bytes,heap_inuse_bytes,goroutines,rss_mb: as the shell script
                // wrote it
};

struct CsvOptions {
  CsvFormat format = CsvFormat::kWide;
  // Byte order mark, CR LF, `time` local and without a zone beside a `time_utc` column: what
  // LibreOffice and Excel read as dates. Otherwise LF and UTC, for Unix tools.
  bool spreadsheet = false;
  char decimal = '.';  // ',' makes the separator ';'
  bool raw = false;    // do not guard text cells that a spreadsheet would take for a formula
};

// Rows that Excel can open, with the header.
inline constexpr std::int64_t kSpreadsheetRowLimit = 1048576;

// Writes rows into a buffer; the owner decides where the text goes. Not thread-safe.
class CsvWriter {
 public:
  explicit CsvWriter(CsvOptions options);
  [[nodiscard]] std::string header() const;  // with BOM where asked for, and the line end
  // Appends the row(s) of one sample to `out`; returns how many.
  int append(const SampleRow& row, std::string& out) const;

 private:
  CsvOptions options_;
};

// One CSV cell: quoted where needed; text that begins with = + - @ TAB CR or NUL gets a leading '.
std::string csv_cell(std::string_view text, char separator, bool raw);

}  // namespace soakwatch
