#include "model/daemon_stats.h"

#include <cmath>
#include <cstdio>

#include "model/metric.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

using F = DaemonFigure;

constexpr std::array<DaemonFigureDescriptor, kDaemonFigureCount> kFigures{{
    {F::kUptimeSeconds, "uptime_seconds", false, "Since the start, or the last reload"},
    {F::kRoundsTotal, "rounds_total", true, "Rounds of all targets"},
    {F::kLateRoundsTotal, "late_rounds_total", true,
     "Rounds that began more than half an interval late"},
    {F::kSkippedRoundsTotal, "skipped_rounds_total", true,
     "Rounds that did not take place, because the one before lasted too long"},
    {F::kRoundP50Seconds, "round_p50_seconds", false,
     "From when a round was due to its end: median"},
    {F::kRoundP99Seconds, "round_p99_seconds", false, "The same: 99 of 100 took no longer"},
    {F::kRoundMaxSeconds, "round_max_seconds", false, "The same: the longest"},
    {F::kSamplesTotal, "samples_total", true, "Samples that were committed"},
    {F::kDroppedSamplesTotal, "dropped_samples_total", true,
     "Samples that were dropped because the queue was full"},
    {F::kDroppedEventsTotal, "dropped_events_total", true,
     "Events and newer figures of alerts that were dropped because the queue was full"},
    {F::kDroppedRecordsTotal, "dropped_records_total", true,
     "The same: changes of alerts, captures, starts and ends of processes"},
    {F::kRejectedRowsTotal, "rejected_rows_total", true,
     "Rows that the database refused for what they are"},
    {F::kLostRowsTotal, "lost_rows_total", true,
     "Rows that were lost with a file that somebody removed"},
    {F::kFailedWritesTotal, "failed_writes_total", true,
     "Transactions that failed; each is tried again"},
    {F::kDroppedNotificationsTotal, "dropped_notifications_total", true,
     "Notifications that were dropped because a notifier was too slow"},
    {F::kFailedNotificationsTotal, "failed_notifications_total", true,
     "Notifications that a notifier could not deliver"},
    {F::kRefusedCapturesTotal, "refused_captures_total", true,
     "Captures for which there was no room"},
    {F::kLeftOutDetailsTotal, "left_out_details_total", true,
     "Reads of smaps_rollup and maps that were left out to stay within a ceiling"},
    {F::kLeftOutBaselinesTotal, "left_out_baselines_total", true,
     "The same: captures of healthy processes"},
    {F::kLeftOutLooksTotal, "left_out_looks_total", true,
     "The same: looks into processes that grow"},
    {F::kQueuedRows, "queued_rows", true, "Rows that wait to be written"},
    {F::kMaxQueuedRows, "max_queued_rows", true, "The same: the most since the row before"},
    {F::kCommitP50Seconds, "commit_p50_seconds", false, "Time of a transaction: median"},
    {F::kCommitP99Seconds, "commit_p99_seconds", false, "The same: 99 of 100 took no longer"},
    {F::kCommitMaxSeconds, "commit_max_seconds", false, "The same: the longest"},
    {F::kWalBytes, "wal_bytes", true, "Size of the write-ahead log"},
    {F::kDatabaseBytes, "database_bytes", true, "Size of the database"},
    {F::kRssBytes, "rss_bytes", true, "Resident memory of the daemon"},
    {F::kCpuRatio, "cpu_ratio", false, "Share of a core that the daemon used"},
    {F::kThrottleLevel, "throttle_level", true,
     "0: all is done; 1: details and baselines are left out; from 2 on rounds are rarer, too"},
    {F::kIntervalFactor, "interval_factor", true, "By how much the intervals are longer"},
    {F::kShortOfMemory, "short_of_memory", true, "1: it is above its ceiling of memory"},
}};

std::string decimal(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string time_text(const DaemonStats& stats, F figure) {
  const auto value = stats.get(figure);
  if (!value) return "?";
  return *value < 1 ? decimal("%.1f ms", *value * 1e3) : decimal("%.2f s", *value);
}

std::string count_text(const DaemonStats& stats, F figure) {
  const auto value = stats.get(figure);
  return value ? decimal("%.0f", *value) : "?";
}

std::string size_text(const DaemonStats& stats, F figure) {
  const auto value = stats.get(figure);
  return value ? format_value(Metric::kRssBytes, *value) : "?";
}

std::string sum_text(const DaemonStats& stats, std::initializer_list<F> figures) {
  double sum = 0;
  for (const F figure : figures) sum += stats.get(figure).value_or(0);
  return decimal("%.0f", sum);
}

}  // namespace

std::span<const DaemonFigureDescriptor, kDaemonFigureCount> all_daemon_figures() {
  return kFigures;
}

std::array<std::string, 3> describe(const DaemonStats& stats) {
  const auto cpu = stats.get(F::kCpuRatio);
  std::string state = "rss " + size_text(stats, F::kRssBytes) + ", cpu " +
                      (cpu ? decimal("%.2f %%", *cpu * 100) : "?") + " of a core, ";
  if (stats.get(F::kThrottleLevel).value_or(0) == 0) {
    state += "nothing left out";
  } else {
    state += "throttled: level " + count_text(stats, F::kThrottleLevel) + ", intervals x" +
             count_text(stats, F::kIntervalFactor);
  }
  if (stats.get(F::kShortOfMemory).value_or(0) > 0) state += ", short of memory";
  const std::string rounds = "rounds " + count_text(stats, F::kRoundsTotal) + " (" +
                             count_text(stats, F::kLateRoundsTotal) + " late, " +
                             count_text(stats, F::kSkippedRoundsTotal) + " skipped), " +
                             time_text(stats, F::kRoundP50Seconds) + " each, 99 of 100 within " +
                             time_text(stats, F::kRoundP99Seconds) + ", longest " +
                             time_text(stats, F::kRoundMaxSeconds);
  const std::string store =
      "store " + count_text(stats, F::kSamplesTotal) + " samples, " +
      count_text(stats, F::kQueuedRows) + " rows wait (at most " +
      count_text(stats, F::kMaxQueuedRows) + "), commits " +
      time_text(stats, F::kCommitP50Seconds) + ", database " + size_text(stats, F::kDatabaseBytes) +
      " + log " + size_text(stats, F::kWalBytes) + "; dropped " +
      count_text(stats, F::kDroppedSamplesTotal) + " samples, " +
      sum_text(stats, {F::kDroppedEventsTotal, F::kDroppedRecordsTotal}) + " records, " +
      count_text(stats, F::kDroppedNotificationsTotal) + " notifications (" +
      count_text(stats, F::kFailedNotificationsTotal) + " failed)";
  return {state, rounds, store};
}

}  // namespace soakwatch
