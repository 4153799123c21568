#include "storage/csv_records.h"

#include <algorithm>
#include <cstring>

namespace soakwatch {
namespace {

constexpr std::size_t kChunkBytes = 262144;
constexpr std::size_t kNotFound = static_cast<std::size_t>(-1);

}  // namespace

CsvRecords::CsvRecords(std::istream& in, std::size_t max_record_bytes)
    : in_(in), max_record_bytes_(max_record_bytes), buffer_(max_record_bytes + kChunkBytes) {}

// Moves what is left to the front and reads on. False: the stream has no more.
bool CsvRecords::refill() {
  if (at_end_) return false;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  in_.read(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
  const auto count = static_cast<std::size_t>(in_.gcount());
  end_ += count;
  at_end_ = count == 0;
  return count > 0;
}

std::size_t CsvRecords::find_end(Quotes quotes, char separator, bool& open_quote) const {
  const char* const start = buffer_.data() + begin_;
  const std::size_t size = end_ - begin_;
  open_quote = false;
  const auto* newline = static_cast<const char*>(std::memchr(start, '\n', size));
  const std::size_t line = newline != nullptr ? static_cast<std::size_t>(newline - start) : size;
  if (quotes == Quotes::kIgnored || std::memchr(start, '"', line) == nullptr) {
    return newline != nullptr ? begin_ + line : kNotFound;
  }
  // A quote opens a cell only at the cell's start; elsewhere it is a character like others.
  bool quoted = false;
  bool cell_start = true;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = start[i];
    if (quoted) {
      quoted = c != '"';
      // The second of a doubled quote opens again; so does nothing else after a closing one.
      if (!quoted && i + 1 < size && start[i + 1] == '"') {
        quoted = true;
        ++i;
      }
    } else if (c == '"' && cell_start) {
      quoted = true;
    } else if (c == '\n') {
      return begin_ + i;
    }
    cell_start = !quoted && c == separator;
  }
  open_quote = quoted;
  return kNotFound;
}

CsvStep CsvRecords::next(Quotes quotes, char separator) {
  line_ = next_line_;
  bool open_quote = false;
  std::size_t end = find_end(quotes, separator, open_quote);
  while (end == kNotFound && end_ - begin_ <= max_record_bytes_ && refill()) {
    end = find_end(quotes, separator, open_quote);
  }
  ended_by_newline_ = end != kNotFound;
  if (!ended_by_newline_) end = end_;
  if (end - begin_ > max_record_bytes_) return CsvStep::kTooLong;
  if (begin_ == end_) return CsvStep::kEnd;
  record_ = buffer_.data() + begin_;
  text_ = {record_, end - begin_};
  next_line_ +=
      1 + (quotes == Quotes::kObserved ? std::count(text_.begin(), text_.end(), '\n') : 0);
  begin_ = ended_by_newline_ ? end + 1 : end;
  if (open_quote) return CsvStep::kOpenQuote;
  if (!text_.empty() && text_.back() == '\r') text_.remove_suffix(1);
  return CsvStep::kRecord;
}

CsvStep CsvRecords::next_line() { return next(Quotes::kIgnored, ','); }

CsvStep CsvRecords::next_record(char separator) {
  const CsvStep step = next(Quotes::kObserved, separator);
  if (step != CsvStep::kRecord) return step;
  if (text_.find('"') == std::string_view::npos) {
    split(separator);
  } else {
    split_quoted(separator);
  }
  return step;
}

void CsvRecords::split(char separator) {
  cells_.clear();
  const char* cell = text_.data();
  const char* const end = cell + text_.size();
  for (const char* p = cell; p != end; ++p) {
    if (*p != separator) continue;
    cells_.emplace_back(cell, static_cast<std::size_t>(p - cell));
    cell = p + 1;
  }
  cells_.emplace_back(cell, static_cast<std::size_t>(end - cell));
}

// Unquotes within the buffer: a cell only ever gets shorter.
void CsvRecords::split_quoted(char separator) {
  cells_.clear();
  const std::size_t size = text_.size();
  std::size_t read = 0;
  while (true) {
    const std::size_t start = read;
    std::size_t write = read;
    bool quoted = read < size && record_[read] == '"';
    if (quoted) ++read;
    while (read < size && (quoted || record_[read] != separator)) {
      const bool quote = quoted && record_[read] == '"';
      if (quote && read + 1 < size && record_[read + 1] == '"') {
        record_[write++] = '"';
        read += 2;
      } else if (quote) {
        quoted = false;
        ++read;
      } else {
        record_[write++] = record_[read++];
      }
    }
    cells_.emplace_back(record_ + start, write - start);
    if (read >= size) return;
    ++read;  // the separator
  }
}

std::vector<std::string> split_header(std::string_view line, char separator) {
  std::vector<std::string> cells;
  while (true) {
    const std::size_t end = std::min(line.find(separator), line.size());
    std::string_view cell = line.substr(0, end);
    const auto trimmed = [](char c) { return c == ' ' || c == '"' || c == '\t'; };
    while (!cell.empty() && trimmed(cell.front())) cell.remove_prefix(1);
    while (!cell.empty() && trimmed(cell.back())) cell.remove_suffix(1);
    cells.emplace_back(cell);
    if (end == line.size()) return cells;
    line.remove_prefix(end + 1);
  }
}

}  // namespace soakwatch
