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
constexpr milliseconds kLookPause = std::chrono::seconds(1);
constexpr std::size_t kSmallBatchRows = 100;

}  // namespace

WriterLoop::WriterLoop(StoreState& state, const StoreOptions& options, OpenedDatabase opened,
                       Roster roster)
    : state_(state),
      options_(options),
      connection_(options.database, std::move(opened.connection), std::move(roster)),
      space_(options.database, options.space),
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
    if (state_.stop && !std::exchange(last_, true)) leave_displaced_files(held);
    look_at_room(held);
    if (work_waits()) {
      failed_ = !write_some(held);
      written_ = now();
    }
    if (last_ && (state_.queue.empty() || (failed_ && written_ >= state_.give_up))) break;
    if (now() >= next_checkpoint_) maintain(held);
    if (now() >= next_retention_) retain(held);
  }
  leave_displaced_files(held);
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
  std::string replacement = connection_.take_replacement();
  if (outcome.ok()) committed(batch);
  held.lock();
  if (!replacement.empty()) tell_replacement(std::move(replacement));
  if (outcome.ok()) {
    state_.commits.add(took);
    state_.queue.done(batch);
    if (hold_.empty() && state_.queue.waiting_samples() < kBatchLimitRows) end_trouble();
    state_.progress.notify_all();
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

void WriterLoop::maintain(Lock& held) {
  leave_displaced_files(held);
  held.unlock();
  const WriteOutcome outcome = connection_.checkpoint();
  held.lock();
  if (!outcome.ok()) state_.stats.last_error = outcome.message;
  next_checkpoint_ = now() + options_.checkpoint_interval;
}

void WriterLoop::retain(Lock& held) {
  // Of the time, this share goes to old rows while a pass lasts; the rest is for new ones.
  constexpr int kPausesPerSlice = 4;
  if (failed_ || last_ || work_waits()) return;
  held.unlock();
  const std::optional<WallTime> wall = options_.retention.now();
  if (!wall) {
    held.lock();
    next_retention_ = now() + options_.retention.interval;
    return;
  }
  Retention::Slice slice;
  const auto begin = Clock::now();
  const WriteOutcome outcome =
      connection_.retain(options_.retention, *wall, retention_pace_.limit_units(), slice);
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
  retention_pace_.took(slice.units, time);
  // What gives room needs some first.
  if (outcome.trouble == WriteTrouble::kNoSpace) space_.refused();
  held.lock();
  if (!outcome.ok()) state_.stats.last_error = outcome.message;
  state_.ids.forget(slice.removed_instances);
  if (!slice.notice.empty()) {
    const Event event{*wall, EventKind::kRetention, 0, 0, slice.notice};
    state_.queue.push(Record(EventRecord{state_.ids.next_event(), event}));
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
  if (!trouble_) {
    const WriteQueue& queue = state_.queue;
    const WallTime since = queue.waiting_samples() > 0 ? queue.oldest_time() : state_.newest_time;
    trouble_ = Trouble{reason, since, worth_telling};
  }
  trouble_->worth_telling = trouble_->worth_telling || worth_telling;
}

// A row for what was lost, or waited for long: how many samples, from when to when, and why.
void WriterLoop::end_trouble() {
  const WriteQueue::Dropped dropped = state_.queue.take_dropped();
  if (!trouble_ && dropped.samples > 0) trouble_ = Trouble{"the disk was too slow", dropped.first};
  if (!trouble_) return;
  const Trouble over = *std::exchange(trouble_, std::nullopt);
  Event event{state_.newest_time, EventKind::kStoreHeldUp, 0, 0, {}};
  if (dropped.samples > 0) {
    event.kind = EventKind::kGap;
    event.detail = fmt::format("{} samples of {} to {} were lost: {}", dropped.samples,
                               format_utc(std::chrono::floor<seconds>(dropped.first)),
                               format_utc(std::chrono::floor<seconds>(dropped.last)), over.reason);
  } else if (over.worth_telling) {
    event.detail = fmt::format("samples of {} to {} had to wait, none was lost: {}",
                               format_utc(std::chrono::floor<seconds>(over.since)),
                               format_utc(std::chrono::floor<seconds>(event.time)), over.reason);
  } else {
    return;
  }
  state_.queue.push(Record(EventRecord{state_.ids.next_event(), std::move(event)}));
}

void WriterLoop::tell_replacement(std::string what) {
  ++state_.stats.replaced_files;
  state_.stats.replacement = what;
  const Event event{state_.newest_time, EventKind::kStoreReplaced, 0, 0, std::move(what)};
  state_.queue.push(Record(EventRecord{state_.ids.next_event(), event}));
}

void WriterLoop::leave_displaced_files(Lock& held) {
  held.unlock();
  const auto displaced = connection_.leave_displaced();
  held.lock();
  if (!displaced) return;
  const std::int64_t kept = displaced->newest_sample;
  const std::uint64_t lost =
      std::min(state_.stats.committed_samples - counted_as_lost_,
               static_cast<std::uint64_t>(std::max<std::int64_t>(newest_committed_ - kept, 0)));
  counted_as_lost_ += lost;
  state_.stats.lost_rows += lost;
  std::string message = displaced->message;
  if (lost > 0) message += "; " + std::to_string(lost) + " samples went with it";
  state_.stats.last_error = message;
  if (lost > 0 || !displaced->reopened) state_.displaced_trouble = message;
}

}  // namespace soakwatch
