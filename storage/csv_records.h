// A stream cut into CSV records and cells (RFC 4180), in bounded memory and without a string per
// cell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace soakwatch {

enum class CsvStep { kRecord, kEnd, kTooLong, kOpenQuote };

// Cells and text are valid until the next call.
class CsvRecords {
 public:
  CsvRecords(std::istream& in, std::size_t max_record_bytes);

  // One line as it stands, whatever its quotes: for what comes before the header is known.
  CsvStep next_line();
  // One record, which may span lines inside quotes; its cells are split and unquoted. kOpenQuote:
  // the stream ended within a quoted cell.
  CsvStep next_record(char separator);

  [[nodiscard]] const std::vector<std::string_view>& cells() const { return cells_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  // Where the record begins, from 1.
  [[nodiscard]] std::int64_t line() const { return line_; }
  // False: the stream ended without a line end.
  [[nodiscard]] bool ended_by_newline() const { return ended_by_newline_; }
  [[nodiscard]] bool spans_lines() const { return next_line_ > line_ + 1; }

 private:
  enum class Quotes { kIgnored, kObserved };
  CsvStep next(Quotes quotes, char separator);
  // The end of the record at begin_, or npos when the buffer does not hold it.
  std::size_t find_end(Quotes quotes, char separator, bool& open_quote) const;
  bool refill();
  void split(char separator);
  void split_quoted(char separator);

  std::istream& in_;
  std::size_t max_record_bytes_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool at_end_ = false;
  bool ended_by_newline_ = false;
  std::int64_t line_ = 0;
  std::int64_t next_line_ = 1;
  char* record_ = nullptr;  // text_, to unquote in place
  std::string_view text_;
  std::vector<std::string_view> cells_;
};

// The cells of a header line.
std::vector<std::string> split_header(std::string_view line, char separator);

}  // namespace soakwatch
