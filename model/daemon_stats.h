// How the daemon itself does: the one list of its own figures. The columns of the table
// daemon_stats, the keys of `soakwatch status --json` and the line in the log come from it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/timestamp.h"

namespace soakwatch {

// Append only, as the metrics. `_total` counts from the start of the daemon (or its last reload);
// the others tell of the time since the row before, or of now.
enum class DaemonFigure : std::uint8_t {
  kUptimeSeconds,
  kRoundsTotal,
  kLateRoundsTotal,
  kSkippedRoundsTotal,
  kRoundP50Seconds,
  kRoundP99Seconds,
  kRoundMaxSeconds,
  kSamplesTotal,
  kDroppedSamplesTotal,
  kDroppedEventsTotal,
  kDroppedRecordsTotal,
  kRejectedRowsTotal,
  kLostRowsTotal,
  kFailedWritesTotal,
  kDroppedNotificationsTotal,
  kFailedNotificationsTotal,
  kRefusedCapturesTotal,
  kLeftOutDetailsTotal,
  kLeftOutBaselinesTotal,
  kLeftOutLooksTotal,
  kQueuedRows,
  kMaxQueuedRows,
  kCommitP50Seconds,
  kCommitP99Seconds,
  kCommitMaxSeconds,
  kWalBytes,
  kDatabaseBytes,
  kRssBytes,
  kCpuRatio,
  kThrottleLevel,
  kIntervalFactor,
  kShortOfMemory,
};
inline constexpr std::size_t kDaemonFigureCount = 32;

struct DaemonFigureDescriptor {
  DaemonFigure id;
  std::string_view name;  // as a metric's: unit last, `_total` on counters
  bool integral;          // a whole number; else seconds or a ratio
  std::string_view help;
};

std::span<const DaemonFigureDescriptor, kDaemonFigureCount> all_daemon_figures();

// One look. What could not be measured is missing, never 0.
struct DaemonStats {
  WallTime time;
  std::int64_t pid = 0;
  std::array<std::optional<double>, kDaemonFigureCount> figures{};

  [[nodiscard]] std::optional<double> get(DaemonFigure figure) const {
    return figures[static_cast<std::size_t>(figure)];
  }
  void set(DaemonFigure figure, std::optional<double> value) {
    figures[static_cast<std::size_t>(figure)] = value;
  }
  void set_count(DaemonFigure figure, std::uint64_t value) {
    set(figure, std::optional(static_cast<double>(value)));
  }
};

// For the log and for `soakwatch status`: a few lines of a person's words, most wanted first.
std::array<std::string, 3> describe(const DaemonStats& stats);

}  // namespace soakwatch
