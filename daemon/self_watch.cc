#include "daemon/self_watch.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "collectors/procfs/proc_file.h"
#include "collectors/procfs/statm.h"
#include "daemon/background_task.h"
#include "daemon/clock.h"

namespace soakwatch {

namespace asio = boost::asio;

namespace {

// Short of memory, so much less may wait to be written.
constexpr std::size_t kShortQueuePart = 10;

std::optional<double> resident_bytes() {
  const auto file = ProcFile::open(AT_FDCWD, "/proc/self/statm");
  if (!file) return std::nullopt;
  std::array<char, 256> buffer{};
  const auto text = file->read_once(buffer);
  if (!text) return std::nullopt;
  const auto statm = parse_statm(*text);
  if (!statm) return std::nullopt;
  return static_cast<double>(statm->resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::optional<double> size_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  if (error) return std::nullopt;
  return static_cast<double>(bytes);
}

}  // namespace

SelfWatch::SelfWatch(Parts parts)
    : parts_(std::move(parts)),
      timer_(parts_.executor),
      begun_(read_clocks().monotonic),
      looked_(begun_),
      cpu_time_(process_cpu_time()) {}

void SelfWatch::stop() {
  stopping_ = true;
  timer_.cancel();
}

void SelfWatch::tell() {
  tell_ = true;
  timer_.cancel();
}

asio::awaitable<void> SelfWatch::run() {
  while (!stopping_) {
    timer_.expires_after(parts_.interval);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_await look();
  }
}

asio::awaitable<void> SelfWatch::look() {
  const auto work = [database = parts_.store != nullptr
                                    ? parts_.store->database()
                                    : std::filesystem::path()] { return measure(database); };
  const Measured measured = co_await run_on(parts_.workers->get_executor(), work);
  const milliseconds now = read_clocks().monotonic;
  const std::chrono::nanoseconds cpu_time = process_cpu_time();
  std::optional<double> cpu_share;
  if (now > looked_) {
    using Seconds = std::chrono::duration<double>;
    cpu_share = Seconds(cpu_time - cpu_time_) / Seconds(now - looked_);
  }
  // A look that somebody asked for is no measure where it covers a moment only.
  const bool counts = now - looked_ >= parts_.interval / 2;
  looked_ = now;
  cpu_time_ = cpu_time;
  if (counts && !stopping_) keep_ceilings({cpu_share, measured.rss_bytes});
  const DaemonStats stats = gather(measured, cpu_share);
  if (parts_.store != nullptr) parts_.store->add_daemon_stats(stats);
  if (std::exchange(tell_, false) || stopping_) log(stats);
}

void SelfWatch::keep_ceilings(const OwnCost& cost) {
  Throttle& throttle = parts_.workload->throttle;
  const bool was_short = throttle.short_of_memory();
  for (const Throttle::Change& change : throttle.look(cost)) {
    parts_.on_event(change.less ? EventKind::kThrottled : EventKind::kUnthrottled, change.what);
  }
  const bool is_short = throttle.short_of_memory();
  if (parts_.store != nullptr && is_short != was_short) {
    const std::size_t part = is_short ? kShortQueuePart : 1;
    parts_.store->limit_queue(parts_.queue_limit_rows / part);
  }
  // What the allocator keeps for later is the one cache of some size.
  if (is_short) malloc_trim(0);
}

SelfWatch::Measured SelfWatch::measure(const std::filesystem::path& database) {
  Measured measured;
  measured.rss_bytes = resident_bytes();
  if (database.empty()) return measured;
  measured.database_bytes = size_of(database);
  measured.wal_bytes = size_of(database.string() + "-wal");
  return measured;
}

DaemonStats SelfWatch::gather(const Measured& measured, std::optional<double> cpu_share) {
  using F = DaemonFigure;
  Workload& workload = *parts_.workload;
  const Moment now = read_clocks();
  DaemonStats stats;
  stats.time = now.wall;
  stats.pid = getpid();
  stats.set(F::kUptimeSeconds, std::chrono::duration<double>(now.monotonic - begun_).count());
  stats.set_count(F::kRoundsTotal, workload.rounds.rounds());
  stats.set_count(F::kLateRoundsTotal, workload.rounds.late());
  stats.set_count(F::kSkippedRoundsTotal, workload.rounds.skipped());
  const LatencyHistogram rounds = workload.rounds.take_latency();
  stats.set(F::kRoundP50Seconds, rounds.quantile(0.5));
  stats.set(F::kRoundP99Seconds, rounds.quantile(0.99));
  stats.set(F::kRoundMaxSeconds, rounds.max());
  if (parts_.store != nullptr) {
    const StoreStats store = parts_.store->stats();
    const StoreWindow window = parts_.store->take_window();
    stats.set_count(F::kSamplesTotal, store.committed_samples);
    stats.set_count(F::kDroppedSamplesTotal, store.dropped_samples);
    stats.set_count(F::kDroppedEventsTotal, store.dropped_events);
    stats.set_count(F::kDroppedRecordsTotal, store.dropped_records - store.dropped_events);
    stats.set_count(F::kRejectedRowsTotal, store.rejected_rows);
    stats.set_count(F::kLostRowsTotal, store.lost_rows);
    stats.set_count(F::kFailedWritesTotal, store.failed_writes);
    stats.set_count(F::kQueuedRows, store.queued_rows);
    stats.set_count(F::kMaxQueuedRows, window.max_queued_rows);
    stats.set(F::kCommitP50Seconds, window.commits.quantile(0.5));
    stats.set(F::kCommitP99Seconds, window.commits.quantile(0.99));
    stats.set(F::kCommitMaxSeconds, window.commits.max());
  }
  if (parts_.notifiers != nullptr) {
    stats.set_count(F::kDroppedNotificationsTotal, parts_.notifiers->dropped());
    stats.set_count(F::kFailedNotificationsTotal, parts_.notifiers->failed());
  }
  stats.set_count(F::kRefusedCapturesTotal, workload.refused_captures);
  stats.set_count(F::kLeftOutDetailsTotal, workload.left_out_details);
  stats.set_count(F::kLeftOutBaselinesTotal, workload.left_out_baselines);
  stats.set_count(F::kLeftOutLooksTotal, workload.left_out_looks);
  stats.set(F::kWalBytes, measured.wal_bytes);
  stats.set(F::kDatabaseBytes, measured.database_bytes);
  stats.set(F::kRssBytes, measured.rss_bytes);
  stats.set(F::kCpuRatio, cpu_share);
  stats.set_count(F::kThrottleLevel, workload.throttle.level());
  stats.set(F::kIntervalFactor, static_cast<double>(workload.throttle.interval_factor()));
  stats.set(F::kShortOfMemory, workload.throttle.short_of_memory() ? 1.0 : 0.0);
  return stats;
}

void SelfWatch::log(const DaemonStats& stats) {
  const auto [state, rounds, store] = describe(stats);
  parts_.logger->info("self: {}; {}; {}", state, rounds, store);
}

}  // namespace soakwatch
