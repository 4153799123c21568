#include "config/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "config/suggest.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

using std::chrono::milliseconds;

struct NamedUnit {
  std::string_view name;
  std::int64_t factor;
};

// Largest first: the order in which they are written one after the other.
constexpr std::array<NamedUnit, 5> kDurationUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::int64_t kMaxDurationMs = std::int64_t{3650} * 86'400'000;  // 10 years

constexpr std::array<NamedUnit, 9> kSizeUnits{{{"TiB", std::int64_t{1} << 40},
                                               {"GiB", std::int64_t{1} << 30},
                                               {"MiB", std::int64_t{1} << 20},
                                               {"KiB", std::int64_t{1} << 10},
                                               {"TB", 1'000'000'000'000},
                                               {"GB", 1'000'000'000},
                                               {"MB", 1'000'000},
                                               {"kB", 1000},
                                               {"B", 1}}};
constexpr std::size_t kBinaryUnits = 4;

constexpr std::string_view kDigits = "0123456789";

Error wrong(std::string_view text, std::string_view why) {
  return invalid(fmt::format("'{}' {}", printable(text, 60), why));
}

// Takes the whole number at the front of `rest`. A leading zero is refused: YAML 1.1 reads 010 as
// 8, a person as 10.
Result<std::int64_t> take_number(std::string_view& rest, std::string_view text) {
  const std::size_t length = std::min(rest.find_first_not_of(kDigits), rest.size());
  if (length == 0) return wrong(text, "must begin with a whole number");
  if (length > 1 && rest.front() == '0') return wrong(text, "looks octal: leave out leading zeros");
  std::int64_t number = 0;
  if (std::from_chars(rest.data(), rest.data() + length, number).ec != std::errc{}) {
    return wrong(text, "is too large");
  }
  rest.remove_prefix(length);
  return number;
}

std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find_first_of(kDigits));
  rest.remove_prefix(word.size());
  return word;
}

}  // namespace

Result<milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return milliseconds{0};
  if (text.empty()) return invalid("a duration is missing, such as 30s");
  std::string_view rest = text;
  std::int64_t total = 0;
  std::size_t allowed_from = 0;  // "1h30m", but neither "30m1h" nor "1h1h"
  while (!rest.empty()) {
    const auto number = take_number(rest, text);
    if (!number) return number.error();
    const std::string_view word = take_word(rest);
    if (word.empty()) return wrong(text, "needs a unit: ms, s, m, h or d, such as 30s");
    std::size_t unit = 0;
    while (unit < kDurationUnits.size() && kDurationUnits[unit].name != word) ++unit;
    if (unit == kDurationUnits.size()) {
      return wrong(text, fmt::format("has the unknown unit '{}'; known are ms, s, m, h and d, and "
                                     "whole numbers before them",
                                     printable(word, 20)));
    }
    if (unit < allowed_from) return wrong(text, "must have its units once each, largest first");
    allowed_from = unit + 1;
    const std::int64_t factor = kDurationUnits[unit].factor;
    if (*number > (kMaxDurationMs - total) / factor) return wrong(text, "is longer than 10 years");
    total += *number * factor;
  }
  return milliseconds{total};
}

Result<std::int64_t> parse_size(std::string_view text) {
  if (text.empty()) return invalid("a size is missing, such as 512MiB");
  std::string_view rest = text;
  const auto number = take_number(rest, text);
  if (!number) return number.error();
  if (rest.empty()) return *number;
  std::array<std::string_view, kSizeUnits.size()> names;
  for (std::size_t i = 0; i < kSizeUnits.size(); ++i) {
    names[i] = kSizeUnits[i].name;
    if (kSizeUnits[i].name != rest) continue;
    if (*number > std::numeric_limits<std::int64_t>::max() / kSizeUnits[i].factor) {
      return wrong(text, "is too large");
    }
    return *number * kSizeUnits[i].factor;
  }
  return wrong(text, fmt::format("has the unknown unit '{}'; known are KiB, MiB, GiB, TiB, kB, MB, "
                                 "GB and TB, and whole numbers before them{}",
                                 printable(rest, 20), did_you_mean(rest, names)));
}

std::string duration_text(milliseconds duration) {
  std::int64_t rest = duration.count();
  if (rest <= 0) return "0s";
  std::string text;
  for (const auto& unit : kDurationUnits) {
    if (const std::int64_t number = rest / unit.factor; number > 0) {
      text += fmt::format("{}{}", number, unit.name);
      rest %= unit.factor;
    }
  }
  return text;
}

std::string size_text(std::int64_t bytes) {
  for (std::size_t i = 0; i < kBinaryUnits; ++i) {
    if (bytes != 0 && bytes % kSizeUnits[i].factor == 0) {
      return fmt::format("{}{}", bytes / kSizeUnits[i].factor, kSizeUnits[i].name);
    }
  }
  return fmt::format("{}", bytes);
}

}  // namespace soakwatch
