#include "model/printable.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace soakwatch {
namespace {

// Length of the UTF-8 sequence at the front of `text`, and its code point; 0 when it is malformed.
std::size_t decode_utf8(std::string_view text, char32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    code = lead;
    return 1;
  }
  std::size_t length = 0;
  char32_t smallest = 0;
  if ((lead & 0xE0U) == 0xC0) {
    length = 2, code = lead & 0x1FU, smallest = 0x80;
  } else if ((lead & 0xF0U) == 0xE0) {
    length = 3, code = lead & 0x0FU, smallest = 0x800;
  } else if ((lead & 0xF8U) == 0xF0) {
    length = 4, code = lead & 0x07U, smallest = 0x10000;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < smallest || code > 0x10FFFF || surrogate ? 0 : length;
}

// Characters that move the cursor, change colours or reorder what stands around them.
bool is_dangerous(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

template <class... Args>
std::string formatted(const char* format, Args... args) {
  std::array<char, 512> text{};  // the longest double, 1e308 in full, has 309 digits
  const int n = std::snprintf(text.data(), text.size(), format, args...);
  return {text.data(), std::min(static_cast<std::size_t>(std::max(n, 0)), text.size() - 1)};
}

std::string with_thousands(double value) {
  std::string digits = formatted("%.0f", std::fabs(value));
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return (value < 0 && digits != "0" ? "-" : "") + digits;
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= limit) return out + "...";
    char32_t code = 0;
    const std::size_t length = decode_utf8(text, code);
    if (length == 0 || is_dangerous(code)) {
      const std::size_t bytes = length == 0 ? 1 : length;
      for (std::size_t i = 0; i < bytes; ++i) {
        out += formatted("\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(text[i])));
      }
      text.remove_prefix(bytes);
    } else {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  return out;
}

std::string format_bytes(double bytes) {
  constexpr std::array<const char*, 6> kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  double value = bytes;
  while (std::fabs(value) >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  if (unit == 0) return formatted("%.0f B", value);
  return formatted(std::fabs(value) >= 100 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
}

std::string format_value(Metric metric, double value) {
  return format_amount(describe(metric).unit, value);
}

std::string format_amount(Unit unit, double value) {
  switch (unit) {
    case Unit::kBytes:
      return format_bytes(value);
    case Unit::kCount:
      return with_thousands(value);
    case Unit::kSeconds:
      return formatted("%.2f s", value);
    case Unit::kRatio:
      return formatted("%.1f %%", value * 100);
  }
  return {};
}

std::string format_rate(Metric metric, double per_hour) {
  constexpr double kLargestInFull = 1e15;
  constexpr double kLeastWhole = 10;
  const double size = std::fabs(per_hour);
  if (!std::isfinite(per_hour)) return "beyond numbers";
  const bool is_count = describe(metric).unit == Unit::kCount;
  const bool is_broken = is_count && size < kLeastWhole && size != std::floor(size);
  if (is_broken || size >= kLargestInFull) return formatted("%+.2g/h", per_hour);
  return (per_hour >= 0 ? "+" : "") + format_value(metric, per_hour) + "/h";
}

}  // namespace soakwatch
