#include "report/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::array<std::string_view, kMetricCount> kLabels{
    "Resident memory",
    "Anonymous memory",
    "File-backed memory",
    "Proportional memory",
    "Swapped memory",
    "Address space",
    "Lazily freed memory",
    "Anonymous huge pages",
    "Memory mappings",
    "Open file descriptors",
    "Threads",
    "Processor time",
    "Major page faults",
    "Goroutines",
    "Go heap",
    "Go heap in use",
    "Idle Go heap",
    "Go heap returned",
    "Go heap reserved",
    "Heap objects",
    "Goroutine stacks",
    "Next collection at",
    "Go memory from the system",
    "Allocated bytes",
    "Allocated objects",
    "Freed objects",
    "Garbage collections",
    "Collection pauses",
    "Collector's share of CPU",
};

bool short_span(const ReportData& data) { return data.last - data.first < std::chrono::hours(1); }

}  // namespace

std::string_view label_of(Metric metric) { return kLabels[index_of(metric)]; }

std::string subject_of(const Finding& finding) {
  // The detector of the live heap judges what survives a collection; its metric is the whole heap.
  if (finding.detector == "live_heap_growth") return "Live heap";
  return std::string(label_of(finding.metric));
}

std::chrono::seconds zone_offset(WallTime time) {
  const WallTime whole = std::chrono::floor<seconds>(time);
  const auto local_as_utc = parse_iso8601(format_local(whole) + "Z");
  if (!local_as_utc) return seconds(0);
  return std::chrono::duration_cast<seconds>(*local_as_utc - whole);
}

std::string zone_text(WallTime time) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(zone_offset(time)).count();
  if (minutes == 0) return "UTC";
  return fmt::format("UTC{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
                     std::abs(minutes) % 60);
}

std::string time_text(const ReportData& data, WallTime time) {
  std::string text = format_local(time);
  if (const std::size_t t = text.find('T'); t != std::string::npos) text[t] = ' ';
  constexpr std::size_t kSecondsChars = 3;
  if (!short_span(data) && text.size() > kSecondsChars) text.resize(text.size() - kSecondsChars);
  return text;
}

std::string short_time_text(const ReportData& data, WallTime time) {
  std::string text = time_text(data, time);
  const std::string begin = time_text(data, data.first);
  constexpr std::size_t kYearChars = 4;  // "2026"
  constexpr std::size_t kDayChars = 10;  // "2026-11-20"
  constexpr std::size_t kClockStart = kDayChars + 1;
  if (text.size() < kClockStart || text.compare(0, kYearChars, begin, 0, kYearChars) != 0)
    return text;
  std::string clock = text.substr(kClockStart);
  if (text.compare(0, kDayChars, begin, 0, kDayChars) == 0) return clock;
  return day_text(time + zone_offset(time)) + " " + clock;
}

std::string day_text(WallTime local) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(local));
  return fmt::format("{} {}", static_cast<unsigned>(date.day()),
                     kMonths[(static_cast<unsigned>(date.month()) - 1) % kMonths.size()]);
}

std::string culprit_text(const Culprit& culprit) {
  std::string text = printable(culprit.name, 300);
  if (!culprit.location.empty()) text += " (" + printable(culprit.location) + ")";
  return text;
}

std::string amount_text(const Culprit& culprit, double value) {
  return format_amount(culprit.unit, value);
}

std::string_view holder_word(CaptureKind kind) {
  switch (kind) {
    case CaptureKind::kTrace:
      return "times opened and not closed";
    case CaptureKind::kHeap:
      return "live memory";
    case CaptureKind::kAllocs:
      return "allocations";
    case CaptureKind::kGoroutine:
      return "goroutines";
    case CaptureKind::kCpu:
      return "processor time";
    case CaptureKind::kFds:
      return "descriptors";
    case CaptureKind::kMappings:
      return "mapped memory";
  }
  return "";
}

std::string shell_word(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-./:=@%+,").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace soakwatch
