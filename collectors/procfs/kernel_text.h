// Cutting up what the kernel prints: lines, fields, numbers. Nothing here allocates or fails
// loudly; the parsers say what was wrong.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace soakwatch {

// Takes the first line off `text` and returns it without its newline.
std::string_view take_line(std::string_view& text);

// Takes the first field off `line` (fields are parted by blanks and tabs); empty when there is
// none.
std::string_view take_field(std::string_view& line);

// The text up to its last newline: what is whole in a file that was cut at a limit.
std::string_view whole_lines(std::string_view text);

// The path of an executable, without the mark of a file that was replaced meanwhile.
std::string_view without_deleted(std::string_view exe);

// The whole of `text` as a number without sign; absent when it is anything else or too large.
template <class Unsigned>
std::optional<Unsigned> parse_unsigned(std::string_view text, int base = 10) {
  Unsigned value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// "  1234 kB", as in status and smaps, in bytes; absent when it is not that or overflows.
std::optional<std::uint64_t> parse_kilobytes(std::string_view text);

}  // namespace soakwatch
