#include "storage/writer_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/printable.h"
#include "storage/database_file.h"

namespace soakwatch {
namespace {

// Soon after the start, but not during it.
constexpr milliseconds kFirstRetention = std::chrono::seconds(10);
constexpr milliseconds kLongAgo = std::chrono::hours(24);
constexpr milliseconds kLookPause = std::chrono::seconds(1);
constexpr std::size_t kSmallBatchRows = 100;

}  // namespace

WriterLoop::WriterLoop(StoreState& state, const StoreOptions& options, OpenedDatabase opened,
                       Roster roster, LockFile lock)
    : state_(state),
      options_(options),
      connection_(options.database, std::move(opened.connection), std::move(roster),
                  std::move(lock)),
      space_(options.database, options.space),
      written_(now() - kLongAgo),
      next_checkpoint_(now() + options.checkpoint_interval),
      next_retention_(options.retention.now
                          ? now() + std::min(options.retention.interval / 10, kFirstRetention)
                          : Clock::time_point::max()),
      newest_committed_(state.ids.last_sample()) {
  if (!options.live_csv.empty()) live_csv_ = std::make_unique<LiveCsv>(options.live_csv);
}

void WriterLoop::run() {
  Lock held(state_.mutex);
  while (true) {
    wait_for_work(held);
    if (state_.stop) last_ = true;
    look_at_room(held);
    if (work_waits()) {
      failed_ = !write_some(held);
      written_ = now();
    }
    if (last_ && (state_.queue.empty() || (failed_ && written_ >= state_.give_up))) break;
    if (now() >= next_checkpoint_) maintain(held);
    if (now() >= next_retention_) retain(held);
  }
  tell_displacement();
  state_.stats.lost_rows += state_.queue.size();
  held.unlock();
  connection_.close();
}

WriterLoop::Clock::time_point WriterLoop::now() const {
  return options_.now ? options_.now() : Clock::now();
}

bool WriterLoop::work_waits() const {
  return hold_.empty() ? !state_.queue.empty() : state_.queue.has_records();
}

void WriterLoop::wait_for_work(Lock& held) {
  if (failed_) {
    wait_to_retry(held);
    return;
  }
  auto until = std::min(next_checkpoint_, next_retention_);
  if (!hold_.empty()) until = std::min(until, next_look_);
  state_.wake.wait_for(held, until - now(), [this] {
    return (state_.stop && !last_) || work_waits() || (!hold_.empty() && state_.retry_now);
  });
  if (!work_waits() || !hold_.empty()) return;
  // The first row after a pause is written at once: a lone target's round is complete with it.
  // What follows closely is gathered.
  const auto enough = [this] {
    return state_.stop || state_.flushing > 0 || state_.queue.size() >= kBatchLimitRows ||
           (gathering_ && state_.queue.has_records());
  };
  if (gathering_) {
    state_.wake.wait_for(held, written_ + options_.gather_linger - now(), enough);
  } else if (now() < written_ + options_.batch_linger) {
    state_.wake.wait_for(held, options_.batch_linger, enough);
  }
}

// Until the next try is due, or (once) until the store is closed.
void WriterLoop::wait_to_retry(Lock& held) {
  auto until = now() + options_.retry_interval;
  if (last_) until = std::min(until, state_.give_up);
  state_.wake.wait_for(held, until - now(),
                       [this] { return state_.retry_now || (state_.stop && !last_); });
  state_.retry_now = false;
}

void WriterLoop::look_at_room(Lock& held) {
  if (last_) {  // what waits is written into the room that is kept for such a case
    hold_.clear();
    return;
  }
  if (state_.queue.empty() && hold_.empty()) return;
  // A round that writes a row or two changes little.
  const bool looked = !gathering_ && now() < looked_ + kLookPause;
  if (looked && hold_.empty() && state_.queue.size() < kSmallBatchRows) return;
  if (!hold_.empty() && now() < next_look_ && !state_.retry_now) return;
  state_.retry_now = false;
  held.unlock();
  hold_ = lack_of_room();
  looked_ = now();
  next_look_ = now() + options_.retry_interval;
  held.lock();
  if (!hold_.empty()) {
    begin_trouble(hold_, true);
    state_.stats.last_error = hold_;
  }
}

std::string WriterLoop::lack_of_room() {
  if (std::string shortage = space_.shortage(); !shortage.empty()) return shortage;
  std::int64_t bytes = connection_.log_bytes();
  if (bytes > options_.log_gather_bytes && now() >= next_look_) {
    (void)connection_.shrink_log();
    bytes = connection_.log_bytes();
    next_look_ = now() + options_.retry_interval;
  }
  gathering_ = bytes > options_.log_gather_bytes;
  warning_.clear();
  if (!gathering_) return {};
  std::string grown = fmt::format(
      "a transaction that another program keeps open has let the write-ahead log grow to {}",
      format_bytes(static_cast<double>(bytes)));
  if (bytes > options_.log_limit_bytes) return grown;
  warning_ = std::move(grown);
  return {};
}

bool WriterLoop::write_some(Lock& held) {
  Batch batch = hold_.empty() ? state_.queue.take(kBatchLimitRows)
                              : state_.queue.take_records(kBatchLimitRows);
  held.unlock();
  const auto begin = Clock::now();
  const WriteOutcome outcome = connection_.write(batch);
  const auto took = Clock::now() - begin;
  held.lock();
  tell_replacement();
  if (outcome.ok()) {
    held.unlock();
    committed(batch);
    held.lock();
    state_.commits.add(took);
    state_.queue.done(batch);
    if (hold_.empty() && state_.queue.waiting_samples() < kBatchLimitRows) end_trouble();
    state_.progress.notify_all();
    relieve_log(held);
    return true;
  }
  state_.queue.put_back(std::move(batch));
  ++state_.stats.failed_writes;
  state_.stats.last_error = outcome.message;
  begin_trouble(outcome.message, outcome.trouble != WriteTrouble::kBusy);
  state_.progress.notify_all();
  // With the ballast gone, there is room for what is no sample: at once.
  if (outcome.trouble == WriteTrouble::kNoSpace && hold_.empty() && !last_) {
    space_.refused();
    hold_ = outcome.message;
    next_look_ = now() + options_.retry_interval;
    return true;
  }
  if (outcome.trouble == WriteTrouble::kNoSpace) space_.refused();
  return false;
}

// After a commit, with the mutex released: the listener may take its time.
void WriterLoop::committed(const Batch& batch) {
  if (!batch.samples.empty()) newest_committed_ = batch.samples.back().id;
  std::string wrong = connection_.last_rejection();
  if (live_csv_) {
    if (const Result<void> appended = live_csv_->append(batch); !appended) {
      wrong = appended.error().message;
    }
  }
  if (wrong.empty()) wrong = hold_.empty() ? warning_ : hold_;
  std::uint64_t total = 0;
  {
    const std::lock_guard held(state_.mutex);
    StoreStats& stats = state_.stats;
    stats.committed_samples += batch.samples.size();
    ++stats.committed_batches;
    stats.rejected_rows = connection_.rejected_rows();
    stats.last_error = wrong;
    total = stats.committed_samples;
  }
  // Set before the first row was queued, so that the mutex has made it visible here.
  if (state_.listener) state_.listener(newest_committed_, total);
}

void WriterLoop::relieve_log(Lock& held) {
  held.unlock();
  const auto begin = Clock::now();
  WriteOutcome outcome;
  const bool was_long = connection_.relieve_log(outcome);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
  held.lock();
  tell_replacement();
  if (!outcome.ok()) state_.stats.last_error = outcome.message;
  StoreStats& stats = state_.stats;
  if (was_long) stats.longest_relief = std::max(stats.longest_relief, took);
}

void WriterLoop::maintain(Lock& held) {
  held.unlock();
  const WriteOutcome outcome = connection_.checkpoint();
  held.lock();
  tell_replacement();
  if (!outcome.ok()) state_.stats.last_error = outcome.message;
  next_checkpoint_ = now() + options_.checkpoint_interval;
}

void WriterLoop::retain(Lock& held) {
  // Of the time, this share goes to old rows while a pass lasts; the rest is for new ones.
  constexpr int kPausesPerSlice = 4;
  if (failed_ || last_ || work_waits()) return;
  relieve_log(held);
  held.unlock();
  // Old rows can wait; what waits for them in the log could not be given back, and the limit is for
  // new ones.
  if (connection_.log_bytes() > options_.log_gather_bytes) (void)connection_.shrink_log();
  if (connection_.log_bytes() > options_.log_gather_bytes) {
    held.lock();
    next_retention_ = now() + options_.retry_interval;
    return;
  }
  const ClockReading reading = options_.retention.now();
  Retention::Slice slice;
  const auto begin = Clock::now();
  // The other half is for the commit, which writes what the steps have changed.
  const SliceLimit limit{retention_pace_.limit_units(),
                         [begin] { return Clock::now() - begin >= SlicePace::kTarget / 2; }};
  const WriteOutcome outcome = connection_.retain(options_.retention, reading, limit, slice);
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
  retention_pace_.took(slice.units, time);
  // What gives room needs some first.
  if (outcome.trouble == WriteTrouble::kNoSpace) space_.refused();
  held.lock();
  tell_replacement();
  if (!outcome.ok()) state_.stats.last_error = outcome.message;
  state_.ids.forget(slice.removed_instances);
  if (!slice.notice.empty()) {
    state_.push_event({reading.wall, EventKind::kRetention, 0, 0, slice.notice});
  }
  RetentionStats& done = state_.stats.retention;
  ++done.slices;
  done.expired_rows += static_cast<std::uint64_t>(slice.expired_rows);
  done.longest_slice = std::max(done.longest_slice, time);
  if (!slice.more && outcome.ok()) ++done.passes;
  next_retention_ = now() + (slice.more ? Clock::duration(time) * kPausesPerSlice
                                        : Clock::duration(options_.retention.interval));
}

void WriterLoop::begin_trouble(const std::string& reason, bool worth_telling) {
  const WriteQueue& queue = state_.queue;
  const WallTime since = queue.waiting_samples() > 0 ? queue.oldest_time() : state_.newest_time;
  trouble_.begin(reason, since, worth_telling);
}

void WriterLoop::end_trouble() {
  auto event = trouble_.end(state_.queue.take_dropped(), state_.newest_time);
  if (event) state_.push_event(std::move(*event));
}

void WriterLoop::tell_replacement() {
  if (const auto gone = connection_.take_log_removal(); !gone.empty()) begin_trouble(gone, true);
  auto replacement = connection_.take_replacement();
  if (!replacement) return;
  const std::string what = replacement->notice + count_left(replacement->is_lost);
  space_.renew();
  ++state_.stats.replaced_files;
  state_.stats.replacement = what;
  state_.push_event({state_.newest_time, EventKind::kStoreReplaced, 0, 0, what});
}

// A part of a sentence; empty where nothing is lost.
std::string WriterLoop::count_left(bool is_lost) {
  const std::uint64_t left =
      state_.stats.committed_samples - std::exchange(counted_, state_.stats.committed_samples);
  if (!is_lost || left == 0) return {};
  state_.stats.lost_rows += left;
  return fmt::format("; the {} samples that this run wrote to it are lost", left);
}

void WriterLoop::tell_displacement() {
  connection_.leave_displaced();
  const std::string what = connection_.displacement();
  if (what.empty()) return;
  const bool is_lost = connection_.is_lost();
  state_.stats.last_error = what + count_left(is_lost);
  if (is_lost || !state_.queue.empty()) state_.displaced_trouble = state_.stats.last_error;
}

}  // namespace soakwatch
