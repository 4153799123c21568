// A dump in text, line by line, and errors that say where.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

#include "model/result.h"

namespace soakwatch {

class DumpLines {
 public:
  explicit DumpLines(std::string_view text) : rest_(text) {}

  // The next line without its end. False: there is none.
  bool next(std::string_view& line);
  // Whether the last line had an end.
  [[nodiscard]] bool is_whole() const { return is_whole_; }

  // "line 7: not an address: '0xzz'"
  [[nodiscard]] Error error(std::string_view what) const;
  [[nodiscard]] Error error(std::string_view what, std::string_view text) const;
  [[nodiscard]] Result<void> check_length(std::string_view line, std::size_t max_bytes) const;

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
  bool is_whole_ = true;
};

// Takes what comes before the first `end`, and that itself, off the text.
inline std::string_view take(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

// All of the text is the number.
template <class Int>
bool parse_number(std::string_view text, Int& value, int base = 10) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  return error == std::errc() && stop == end;
}

template <class Int>
std::optional<Int> number_of(std::string_view text, int base = 10) {
  Int value = 0;
  return parse_number(text, value, base) ? std::optional(value) : std::nullopt;
}

}  // namespace soakwatch
