#include "evidence/profile_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

namespace soakwatch {
namespace {

struct Unit {
  std::string_view name;
  std::array<std::string_view, 3> aliases;  // in lower case, without a plural s
  double factor;
};

// The tables of pprof's package measurement, less Google's compute units.
constexpr double kKilo = 1024;
constexpr std::array kMemory = std::to_array<Unit>({
    {"B", {"b", "byte"}, 1},
    {"kB", {"kb", "kbyte", "kilobyte"}, kKilo},
    {"MB", {"mb", "mbyte", "megabyte"}, kKilo* kKilo},
    {"GB", {"gb", "gbyte", "gigabyte"}, kKilo* kKilo* kKilo},
    {"TB", {"tb", "tbyte", "terabyte"}, kKilo* kKilo* kKilo* kKilo},
    {"PB", {"pb", "pbyte", "petabyte"}, kKilo* kKilo* kKilo* kKilo* kKilo},
});
constexpr std::array kTime = std::to_array<Unit>({
    {"ns", {"ns", "nanosecond"}, 1},
    {"us", {"μs", "us", "microsecond"}, 1e3},
    {"ms", {"ms", "millisecond"}, 1e6},
    {"s", {"s", "sec", "second"}, 1e9},
    {"hrs", {"hour", "hr"}, 3600e9},
});

struct UnitFamily {
  std::span<const Unit> units;
  std::size_t standard;  // where no other is wanted
};
constexpr std::array kFamilies = {UnitFamily{kMemory, 0}, UnitFamily{kTime, 3}};

const Unit* find_unit(const UnitFamily& family, std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (lower.size() > 2 && lower.back() == 's') lower.pop_back();
  if (lower.empty()) return nullptr;
  for (const Unit& unit : family.units) {
    if (std::find(unit.aliases.begin(), unit.aliases.end(), lower) != unit.aliases.end())
      return &unit;
  }
  return nullptr;
}

bool is_automatic(std::string_view unit) { return unit == "minimum" || unit == "auto"; }

std::optional<ScaledValue> convert(const UnitFamily& family, double value, std::string_view from,
                                   std::string_view to) {
  const Unit* source = find_unit(family, from);
  if (source == nullptr) return std::nullopt;
  const double in_base = value * source->factor;
  const Unit* target = nullptr;
  if (is_automatic(to)) {
    for (const Unit& unit : family.units) {
      if (in_base / unit.factor >= 1) target = &unit;
    }
  } else {
    target = find_unit(family, to);
  }
  if (target == nullptr) target = &family.units[family.standard];
  return ScaledValue{in_base / target->factor, std::string(target->name)};
}

ScaledValue scale_positive(double value, std::string_view from, std::string_view to) {
  for (const UnitFamily& family : kFamilies) {
    if (auto scaled = convert(family, value, from, to)) return *scaled;
  }
  const bool is_plain = to == "count" || to == "sample" || to == "unit" || is_automatic(to);
  return {value, is_plain ? "" : std::string(to)};
}

}  // namespace

ScaledValue scale_value(std::int64_t value, std::string_view from_unit, std::string_view to_unit) {
  const auto number = static_cast<double>(value);
  if (value >= 0 || value == std::numeric_limits<std::int64_t>::min()) {
    return scale_positive(number, from_unit, to_unit);
  }
  ScaledValue scaled = scale_positive(-number, from_unit, to_unit);
  scaled.value = -scaled.value;
  return scaled;
}

std::string scaled_text(std::int64_t value, std::string_view from_unit, std::string_view to_unit) {
  const ScaledValue scaled = scale_value(value, from_unit, to_unit);
  std::string text = fmt::format("{:.2f}", scaled.value);
  if (text.ends_with(".00")) text.resize(text.size() - 3);
  if (text == "0" || text == "-0") return "0";
  return text + scaled.unit;
}

std::string percentage(std::int64_t value, std::int64_t total) {
  double percent = 0;
  if (total != 0) {
    percent = std::abs(static_cast<double>(value) / static_cast<double>(total)) * 100;
  }
  if (percent >= 99.95 && percent <= 100.05) return "  100%";
  if (percent >= 1) return fmt::format("{:5.2f}%", percent);
  return fmt::format("{:5.2g}%", percent);
}

}  // namespace soakwatch
