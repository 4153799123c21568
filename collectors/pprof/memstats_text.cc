#include "collectors/pprof/memstats_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace soakwatch {
namespace {

// The block has about 30 lines; the two longest hold 256 numbers of up to 20 digits each.
constexpr std::size_t kMaxBlockBytes = std::size_t{64} << 10;
constexpr std::string_view kHeading = "\n# runtime.MemStats\n";
constexpr std::uint64_t kMaxValue = std::uint64_t{1} << 53;  // exact in a double
constexpr double kNanosecondsPerSecond = 1e9;

struct Line {
  std::string_view name;
  Metric metric;
};

// The names are those of runtime.MemStats, printed by writeHeapInternal in runtime/pprof/pprof.go.
constexpr std::array<Line, 13> kLines{{
    {"TotalAlloc", Metric::kAllocBytesTotal},
    {"Sys", Metric::kSysBytes},
    {"Mallocs", Metric::kMallocsTotal},
    {"Frees", Metric::kFreesTotal},
    {"HeapAlloc", Metric::kHeapAllocBytes},
    {"HeapSys", Metric::kHeapSysBytes},
    {"HeapIdle", Metric::kHeapIdleBytes},
    {"HeapInuse", Metric::kHeapInuseBytes},
    {"HeapReleased", Metric::kHeapReleasedBytes},
    {"HeapObjects", Metric::kHeapObjects},
    {"Stack", Metric::kStackInuseBytes},  // "Stack = INUSE / SYS"
    {"NextGC", Metric::kNextGcBytes},
    {"NumGC", Metric::kGcCyclesTotal},
}};

// The number at the front of `text`, which goes on behind it.
std::optional<std::uint64_t> take_whole(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || value > kMaxValue) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<double> parse_whole(std::string_view text, bool is_pair) {
  const std::optional<std::uint64_t> value = take_whole(text);
  if (!value || !(is_pair ? text.starts_with(" / ") : text.empty())) return std::nullopt;
  return static_cast<double>(*value);
}

std::optional<double> parse_fraction(std::string_view text) {
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, failed] = std::from_chars(text.data(), last, value);
  // Written so that NaN fails as well.
  if (failed != std::errc{} || end != last || !(value >= 0 && value <= 1)) return std::nullopt;
  return value;
}

// "[79049 40430 0 ... 0]": a ring with one entry for each of the last collections.
std::optional<double> total_pause_seconds(std::string_view ring, double collections) {
  if (!ring.starts_with('[') || !ring.ends_with(']')) return std::nullopt;
  ring = ring.substr(1, ring.size() - 2);
  double entries = 0;
  double nanoseconds = 0;
  while (!ring.empty()) {
    const std::optional<std::uint64_t> pause = take_whole(ring);
    if (!pause || !(ring.empty() || ring.front() == ' ')) return std::nullopt;
    if (!ring.empty()) ring.remove_prefix(1);
    nanoseconds += static_cast<double>(*pause);
    ++entries;
  }
  if (collections > entries) return std::nullopt;
  return nanoseconds / kNanosecondsPerSecond;
}

void set_if(MetricValues& values, Metric metric, std::optional<double> value) {
  if (value) values.set(metric, *value);
}

}  // namespace

Result<MetricValues> parse_memstats_text(std::string_view text) {
  const std::size_t whole_size = text.size();
  if (text.size() > kMaxBlockBytes) text.remove_prefix(text.size() - kMaxBlockBytes);
  const std::size_t heading = text.rfind(kHeading);
  if (heading == std::string_view::npos) {
    return invalid(fmt::format("no MemStats at the end of the {} bytes", whole_size));
  }
  text.remove_prefix(heading + kHeading.size());

  MetricValues values;
  std::string_view pauses;
  // A last line without its newline was cut short: its number may lack digits.
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const std::size_t equals = line.find(" = ");
    if (!line.starts_with("# ") || equals == std::string_view::npos || equals < 2) continue;
    const std::string_view name = line.substr(2, equals - 2);
    const std::string_view value = line.substr(equals + 3);
    if (name == "PauseNs") {
      pauses = value;
    } else if (name == "GCCPUFraction") {
      set_if(values, Metric::kGcCpuFraction, parse_fraction(value));
    } else {
      for (const Line& known : kLines) {
        if (known.name == name) set_if(values, known.metric, parse_whole(value, name == "Stack"));
      }
    }
  }
  if (const std::optional<double> collections = values.get(Metric::kGcCyclesTotal)) {
    set_if(values, Metric::kGcPauseSecondsTotal, total_pause_seconds(pauses, *collections));
  }
  if (values.empty()) return invalid("the MemStats have none of the values");
  return values;
}

}  // namespace soakwatch
