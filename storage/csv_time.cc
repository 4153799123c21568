#include "storage/csv_time.h"

#include <charconv>
#include <cmath>
#include <ctime>

namespace soakwatch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// As seconds it is the year 5138, as milliseconds 1973: nobody means either.
constexpr double kSmallestMilliseconds = 1e11;
constexpr std::int64_t kBeginOfYear0Ms = -62167219200000;
constexpr double kEndOfYear9999Ms = 253402300800000.0;

std::optional<WallTime> from_unix_number(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
      value < 0) {
    return std::nullopt;
  }
  const double ms = value < kSmallestMilliseconds ? value * 1000 : value;
  if (ms >= kEndOfYear9999Ms) return std::nullopt;
  return from_unix_ms(std::llround(ms));
}

std::optional<seconds> time_of_day(std::string_view text) {
  if (text.size() == 7) {  // "8:40:00", as a spreadsheet writes it
    if (text[1] != ':') return std::nullopt;
  } else if (text.size() != 8 || text[2] != ':') {
    return std::nullopt;
  }
  const std::size_t at = text.size() - 6;  // of the first colon
  if (text[at + 3] != ':') return std::nullopt;
  const auto digits = [&](std::size_t from, std::size_t count) {
    int value = 0;
    for (std::size_t i = from; i < from + count; ++i) {
      if (text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  const int h = digits(0, at);
  const int m = digits(at + 1, 2);
  const int s = digits(at + 4, 2);
  if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60) return std::nullopt;
  return hours(h) + minutes(m) + seconds(s);
}

std::tm broken_down(std::chrono::sys_days day, seconds of_day, int is_dst) {
  const std::chrono::year_month_day date(day);
  std::tm parts{};
  parts.tm_year = static_cast<int>(date.year()) - 1900;
  parts.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  parts.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
  parts.tm_hour = static_cast<int>(of_day / hours(1));
  parts.tm_min = static_cast<int>(of_day % hours(1) / minutes(1));
  parts.tm_sec = static_cast<int>((of_day % minutes(1)).count());
  parts.tm_isdst = is_dst;
  return parts;
}

// A local time of day as the one or two instants that it names: the hour before the end of summer
// time comes twice, and mktime() picks either.
struct Instants {
  WallTime first;
  std::optional<WallTime> second;
};

Instants instants_of(std::chrono::sys_days day, seconds of_day) {
  const auto with_dst = [&](int is_dst) -> std::optional<WallTime> {
    std::tm parts = broken_down(day, of_day, is_dst);
    const int hour = parts.tm_hour;
    const WallTime time{seconds(std::mktime(&parts))};
    // Where the zone has no such time, mktime() answers with another one.
    return parts.tm_isdst == is_dst && parts.tm_hour == hour ? std::optional(time) : std::nullopt;
  };
  const std::optional<WallTime> summer = with_dst(1);
  const std::optional<WallTime> winter = with_dst(0);
  if (summer && winter) return {*summer, winter};
  if (summer || winter) return {summer ? *summer : *winter, {}};
  std::tm parts = broken_down(day, of_day, -1);  // in the hour that spring leaves out
  return {WallTime(seconds(std::mktime(&parts))), {}};
}

}  // namespace

WallTime CsvClock::from_time_of_day(seconds of_day) {
  const bool back = last_of_day_ && of_day < *last_of_day_;
  if (!back && last_of_day_ && *last_of_day_ / hours(1) == of_day / hours(1)) {
    // Zones change at full hours: most rows are spared mktime().
    last_ += of_day - *last_of_day_;
    last_of_day_ = of_day;
    return last_;
  }
  last_of_day_ = of_day;
  if (back) {
    const std::optional<WallTime> again = instants_of(day_, of_day).second;
    if (again && *again > last_) return last_ = *again;
    day_ += std::chrono::days(1);
  }
  return last_ = instants_of(day_, of_day).first;
}

std::optional<WallTime> CsvClock::parse(std::string_view cell) {
  if (cell.size() > 4 && cell[4] == '-') {
    const Result<WallTime> time = parse_iso8601(cell);
    // A zone may push the first and the last day out of the years that can be written.
    const bool writable = time && to_unix_ms(*time) >= kBeginOfYear0Ms &&
                          static_cast<double>(to_unix_ms(*time)) < kEndOfYear9999Ms;
    return writable ? std::optional(*time) : std::nullopt;
  }
  if (const std::optional<seconds> of_day = time_of_day(cell)) return from_time_of_day(*of_day);
  return from_unix_number(cell);
}

}  // namespace soakwatch
