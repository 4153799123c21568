#include "model/timestamp.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <optional>

namespace soakwatch {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;

std::tm local_parts(WallTime time) {
  const std::time_t unix_seconds = floor<seconds>(time.time_since_epoch()).count();
  std::tm parts{};
  localtime_r(&unix_seconds, &parts);
  return parts;
}

// Reads digits from the front of a text, so that the parser below reads like the format.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  [[nodiscard]] bool done() const { return text_.empty(); }
  bool skip(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // Exactly `digits` digits; false leaves the text as it was.
  bool number(int digits, int& out) {
    if (text_.size() < static_cast<std::size_t>(digits)) return false;
    int value = 0;
    for (int i = 0; i < digits; ++i) {
      const char c = text_[static_cast<std::size_t>(i)];
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(static_cast<std::size_t>(digits));
    out = value;
    return true;
  }
  // ".123456789" cut to milliseconds; at least one digit.
  bool fraction(int& ms) {
    int scale = 100;
    ms = 0;
    std::size_t n = 0;
    while (n < text_.size() && text_[n] >= '0' && text_[n] <= '9') {
      ms += (text_[n] - '0') * scale;
      scale /= 10;
      ++n;
    }
    text_.remove_prefix(n);
    return n > 0 && n <= 9;
  }

 private:
  std::string_view text_;
};

struct Parts {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;
  std::optional<int> zone_minutes;  // absent: local time
};

bool parse_time_of_day(Cursor& in, Parts& p) {
  if (!in.number(2, p.hour) || !in.skip(':') || !in.number(2, p.minute)) return false;
  if (in.skip(':')) {
    if (!in.number(2, p.second)) return false;
    if ((in.skip('.') || in.skip(',')) && !in.fraction(p.ms)) return false;
  }
  if (in.done()) return true;
  if (in.skip('Z') || in.skip('z')) {
    p.zone_minutes = 0;
    return in.done();
  }
  const bool plus = in.skip('+');
  if (!plus && !in.skip('-')) return false;
  int h = 0;
  int m = 0;
  if (!in.number(2, h)) return false;
  in.skip(':');
  if (!in.done() && !in.number(2, m)) return false;
  if (h > 14 || m > 59) return false;
  p.zone_minutes = (plus ? 1 : -1) * (h * 60 + m);
  return in.done();
}

bool parse_parts(std::string_view text, Parts& p) {
  Cursor in(text);
  if (!in.number(4, p.year) || !in.skip('-') || !in.number(2, p.month) || !in.skip('-') ||
      !in.number(2, p.day)) {
    return false;
  }
  if (!in.done()) {
    if (!in.skip('T') && !in.skip(' ')) return false;
    if (!parse_time_of_day(in, p)) return false;
  }
  return p.hour < 24 && p.minute < 60 && p.second < 61;
}

}  // namespace

std::string format_utc(WallTime time) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  int n = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                        static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                        static_cast<int>(clock.minutes().count()),
                        static_cast<int>(clock.seconds().count()));
  std::string out(text.data(), static_cast<std::size_t>(n));
  if (const auto ms = clock.subseconds().count(); ms != 0) {
    n = std::snprintf(text.data(), text.size(), ".%03d", static_cast<int>(ms));
    out.append(text.data(), static_cast<std::size_t>(n));
  }
  return out + "Z";
}

std::string format_local(WallTime time) {
  const std::tm parts = local_parts(time);
  std::array<char, 64> text{};
  const std::size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return {text.data(), n};
}

std::string format_local_clock(WallTime time) {
  const std::tm parts = local_parts(time);
  std::array<char, 64> text{};
  const std::size_t n = std::strftime(text.data(), text.size(), "%H:%M:%S", &parts);
  return {text.data(), n};
}

std::string format_duration(milliseconds duration) {
  if (duration < milliseconds(0)) return "-" + format_duration(-duration);
  if (duration < seconds(1)) return std::to_string(duration.count()) + "ms";
  struct Step {
    std::int64_t ms;
    char letter;
  };
  constexpr std::array<Step, 4> kSteps{
      {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}}};
  std::int64_t rest = duration.count();
  for (std::size_t i = 0; i < kSteps.size(); ++i) {
    if (rest < kSteps[i].ms) continue;
    std::string out = std::to_string(rest / kSteps[i].ms) + kSteps[i].letter;
    rest %= kSteps[i].ms;
    if (i + 1 < kSteps.size() && rest >= kSteps[i + 1].ms) {
      out += std::to_string(rest / kSteps[i + 1].ms) + kSteps[i + 1].letter;
    }
    return out;
  }
  return "0s";
}

Result<WallTime> parse_iso8601(std::string_view text) {
  const auto wrong = [&] {
    return invalid("'" + std::string(text.substr(0, 40)) +
                   "' is not a time like 2026-11-20T08:40:00Z");
  };
  Parts p;
  if (!parse_parts(text, p)) return wrong();
  const std::chrono::year_month_day date{std::chrono::year(p.year),
                                         std::chrono::month(static_cast<unsigned>(p.month)),
                                         std::chrono::day(static_cast<unsigned>(p.day))};
  if (!date.ok()) return wrong();
  if (p.zone_minutes) {
    return WallTime(std::chrono::sys_days(date) + hours(p.hour) +
                    minutes(p.minute - *p.zone_minutes) + seconds(p.second) + milliseconds(p.ms));
  }
  std::tm parts{};
  parts.tm_year = p.year - 1900;
  parts.tm_mon = p.month - 1;
  parts.tm_mday = p.day;
  parts.tm_hour = p.hour;
  parts.tm_min = p.minute;
  parts.tm_sec = p.second;
  parts.tm_isdst = -1;
  const std::time_t unix_seconds = std::mktime(&parts);
  return WallTime(seconds(unix_seconds) + milliseconds(p.ms));
}

}  // namespace soakwatch
