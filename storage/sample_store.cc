#include "storage/sample_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "storage/database_file.h"
#include "storage/database_writer.h"
#include "storage/id_registry.h"
#include "storage/live_csv.h"
#include "storage/lock_file.h"
#include "storage/write_queue.h"

namespace soakwatch {
namespace {

using Clock = std::chrono::steady_clock;

// One transaction takes at most so many samples: what waits after a long trouble is written in
// pieces.
constexpr std::size_t kBatchLimitRows = 2000;
// Events, ends of instances and alerts: a night of trouble makes hundreds.
constexpr std::size_t kRecordLimitRows = 100000;
// Who wants to know whether all is safe calls close().
constexpr std::chrono::milliseconds kDestructorPatience{2000};

}  // namespace

struct SampleStore::Impl {
  Impl(const StoreOptions& store_options, LockFile lock_file, OpenedDatabase opened)
      : options(store_options),
        lock(std::move(lock_file)),
        notice(std::move(opened.notice)),
        ids(*opened.connection),
        queue(store_options.queue_limit_rows, kRecordLimitRows),
        writer(std::make_unique<DatabaseWriter>(std::move(opened.connection))) {
    newest_committed = ids.last_sample();
    if (!options.live_csv.empty()) live_csv = std::make_unique<LiveCsv>(options.live_csv);
  }

  // The writer's thread.
  void run();
  // Takes a batch and writes it with the mutex released. False: it failed and is queued again.
  bool write_some(std::unique_lock<std::mutex>& held);
  std::string try_write(const Batch& batch);
  void committed(const Batch& batch);
  void checkpoint(std::unique_lock<std::mutex>& held);
  // Until the next try is due, or (once) until the store is closed.
  void wait_to_retry(std::unique_lock<std::mutex>& held, bool last);
  // Where somebody removed the files: opens them again, and counts what is no longer there.
  void leave_displaced_files(std::unique_lock<std::mutex>& held);

  // Releases the mutex, so that the writer does not wake up only to wait for it; and wakes it only
  // where it waits for this.
  template <class Item>
  bool push(std::unique_lock<std::mutex>& held, Item item) {
    const bool was_empty = queue.empty();
    const bool taken = queue.push(std::move(item));
    const bool awaited = was_empty || queue.size() >= kBatchLimitRows;
    held.unlock();
    if (awaited) wake.notify_one();
    return taken;
  }

  const StoreOptions options;
  const LockFile lock;
  const std::string notice;

  mutable std::mutex mutex;  // guards what follows, up to the writer's own
  std::condition_variable wake;
  std::condition_variable progress;
  IdRegistry ids;
  WriteQueue queue;
  StoreStats stats;
  LatencyHistogram commits;  // since take_window()
  std::function<void(std::int64_t, std::uint64_t)> listener;
  int flushing = 0;  // how many threads wait in flush()
  bool retry_now = false;
  bool stop = false;
  Clock::time_point give_up;  // after stop
  std::string displaced_trouble;

  // The writer's own.
  std::unique_ptr<DatabaseWriter> writer;  // null after a failure: to be opened again
  std::unique_ptr<LiveCsv> live_csv;
  std::int64_t newest_committed = 0;
  std::uint64_t rejected_before_reopen = 0;
  std::uint64_t counted_as_lost = 0;  // of the committed samples

  std::thread thread;
};

void SampleStore::Impl::run() {
  std::unique_lock held(mutex);
  auto next_checkpoint = Clock::now() + options.checkpoint_interval;
  Clock::time_point written;  // epoch: never
  bool failed = false;
  bool last = false;
  while (true) {
    if (failed) {
      wait_to_retry(held, last);
    } else {
      wake.wait_until(held, next_checkpoint, [&] { return stop || !queue.empty(); });
      // The first row after a pause is written at once: a lone target's round is complete with it.
      // What follows closely is gathered.
      const auto enough = [&] { return stop || flushing > 0 || queue.size() >= kBatchLimitRows; };
      const bool follows = Clock::now() < written + options.batch_linger;
      if (!queue.empty() && follows) wake.wait_for(held, options.batch_linger, enough);
    }
    if (stop && !std::exchange(last, true)) leave_displaced_files(held);
    if (!queue.empty()) {
      failed = !write_some(held);
      written = Clock::now();
    }
    if (last && (queue.empty() || (failed && written >= give_up))) break;
    if (Clock::now() >= next_checkpoint) {
      checkpoint(held);
      next_checkpoint = Clock::now() + options.checkpoint_interval;
    }
  }
  leave_displaced_files(held);
  stats.lost_rows += queue.size();
  held.unlock();
  writer.reset();  // the last connection checkpoints and removes the write-ahead log
}

void SampleStore::Impl::wait_to_retry(std::unique_lock<std::mutex>& held, bool last) {
  auto until = Clock::now() + options.retry_interval;
  if (last) until = std::min(until, give_up);
  wake.wait_until(held, until, [&] { return retry_now || (stop && !last); });
  retry_now = false;
}

bool SampleStore::Impl::write_some(std::unique_lock<std::mutex>& held) {
  Batch batch = queue.take(kBatchLimitRows);
  held.unlock();
  const auto begin = Clock::now();
  const std::string trouble = try_write(batch);
  const auto took = Clock::now() - begin;
  if (trouble.empty()) {
    committed(batch);
    held.lock();
    commits.add(took);
    queue.done(batch);
    progress.notify_all();
    return true;
  }
  held.lock();
  queue.put_back(std::move(batch));
  ++stats.failed_writes;
  stats.last_error = trouble;
  progress.notify_all();
  return false;
}

// Empty, or what went wrong.
std::string SampleStore::Impl::try_write(const Batch& batch) {
  try {
    if (!writer) writer = std::make_unique<DatabaseWriter>(connect_writer(options.database));
    writer->write(batch);
    return {};
  } catch (const SQLite::Exception& error) {
    const Error described = sqlite_error(options.database, error);
    // A locked file passes; anything else may have left the connection in a bad state.
    if (described.kind != ErrorKind::kUnavailable && writer) {
      rejected_before_reopen += writer->rejected_rows();
      writer.reset();
    }
    return described.message;
  } catch (const std::exception& error) {  // no memory
    return error.what();
  }
}

// After a commit, with the mutex released: the listener may take its time.
void SampleStore::Impl::committed(const Batch& batch) {
  if (!batch.samples.empty()) newest_committed = batch.samples.back().id;
  std::string trouble = writer->last_rejection();
  if (live_csv) {
    if (const Result<void> appended = live_csv->append(batch); !appended) {
      trouble = appended.error().message;
    }
  }
  std::uint64_t total = 0;
  {
    const std::lock_guard held(mutex);
    stats.committed_samples += batch.samples.size();
    ++stats.committed_batches;
    stats.rejected_rows = rejected_before_reopen + writer->rejected_rows();
    stats.last_error = trouble;
    total = stats.committed_samples;
  }
  // Set before the first row was queued, so that the mutex has made it visible here.
  if (listener) listener(newest_committed, total);
}

void SampleStore::Impl::checkpoint(std::unique_lock<std::mutex>& held) {
  leave_displaced_files(held);
  held.unlock();
  std::string trouble;
  try {
    if (writer) writer->checkpoint();
  } catch (const SQLite::Exception& error) {
    trouble = sqlite_error(options.database, error).message;
  }
  held.lock();
  if (!trouble.empty()) stats.last_error = trouble;
}

void SampleStore::Impl::leave_displaced_files(std::unique_lock<std::mutex>& held) {
  held.unlock();
  const bool displaced = writer && !writer->files_in_place();
  std::string trouble;
  std::int64_t kept = 0;
  if (displaced) {
    trouble = options.database.string() + ", its -wal or its -shm was removed while in use";
    rejected_before_reopen += writer->rejected_rows();
    writer.reset();  // writes the log into the file, where that is still there
    try {
      writer = std::make_unique<DatabaseWriter>(connect_writer(options.database));
      kept = writer->newest_sample();
    } catch (const SQLite::Exception& error) {
      trouble += "; it cannot be opened again: " + sqlite_error(options.database, error).message;
    }
  }
  held.lock();
  if (!displaced) return;
  const std::uint64_t lost =
      std::min(stats.committed_samples - counted_as_lost,
               static_cast<std::uint64_t>(std::max<std::int64_t>(newest_committed - kept, 0)));
  counted_as_lost += lost;
  stats.lost_rows += lost;
  if (lost > 0) trouble += "; " + std::to_string(lost) + " samples went with it";
  stats.last_error = trouble;
  if (lost > 0 || !writer) displaced_trouble = trouble;
}

SampleStore::SampleStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->thread = std::thread([this] { impl_->run(); });
}

SampleStore::~SampleStore() { (void)close(kDestructorPatience); }

Result<void> SampleStore::close(std::chrono::milliseconds patience) {
  if (impl_->thread.joinable()) {
    {
      const std::lock_guard held(impl_->mutex);
      impl_->stop = true;
      impl_->give_up = Clock::now() + patience;
    }
    impl_->wake.notify_all();
    impl_->thread.join();
  }
  const std::lock_guard held(impl_->mutex);
  if (!impl_->queue.empty()) {
    return Error{ErrorKind::kIo, std::to_string(impl_->queue.size()) +
                                     " rows could not be written: " + impl_->stats.last_error};
  }
  if (const std::string& trouble = impl_->displaced_trouble; !trouble.empty())
    return Error{ErrorKind::kIo, trouble};
  return {};
}

Result<std::unique_ptr<SampleStore>> SampleStore::open(const StoreOptions& options) {
  if (auto made = make_folders(options.database.parent_path()); !made) return made.error();
  Result<LockFile> lock = LockFile::acquire(
      options.database, options.program.empty() ? program_invocation_short_name : options.program);
  if (!lock) return lock.error();
  if (auto prepared = prepare_database_file(options.database); !prepared) {
    // No litter beside somebody else's file.
    if (prepared.error().kind == ErrorKind::kInvalid) ::unlink(lock_path(options.database).c_str());
    return prepared.error();
  }
  Result<OpenedDatabase> opened = open_database(options.database);
  if (!opened) return opened.error();
  try {
    return std::unique_ptr<SampleStore>(
        new SampleStore(std::make_unique<Impl>(options, std::move(*lock), std::move(*opened))));
  } catch (const SQLite::Exception& error) {
    return sqlite_error(options.database, error);
  }
}

const std::filesystem::path& SampleStore::database() const { return impl_->options.database; }

const std::string& SampleStore::startup_notice() const { return impl_->notice; }

TargetId SampleStore::target_id(const std::string& name, const TargetSpec& spec, WallTime now) {
  std::unique_lock held(impl_->mutex);
  const TargetId id = impl_->ids.target(name).id;
  impl_->push(held, Record(TargetRecord{id, name, to_string(spec), now}));
  return id;
}

std::optional<TargetId> SampleStore::known_target(const std::string& name) const {
  const std::lock_guard held(impl_->mutex);
  return impl_->ids.known_target(name);
}

std::optional<std::string> SampleStore::target_name(TargetId id) const {
  const std::lock_guard held(impl_->mutex);
  return impl_->ids.target_name(id);
}

SampleStore::InstanceHandle SampleStore::instance_id(TargetId target, const ProcessInfo& process,
                                                     WallTime now) {
  std::unique_lock held(impl_->mutex);
  const IdRegistry::Entry entry = impl_->ids.instance(target, process.id);
  impl_->push(held, Record(InstanceRecord{entry.id, target, process, now}));
  return {entry.id, entry.known};
}

bool SampleStore::has_instances(TargetId target) const {
  const std::lock_guard held(impl_->mutex);
  return impl_->ids.has_instances(target);
}

bool SampleStore::add_sample(const Sample& sample) {
  std::unique_lock held(impl_->mutex);
  return impl_->push(held, SampleRecord{impl_->ids.next_sample(), sample});
}

void SampleStore::add_event(const Event& event) {
  std::unique_lock held(impl_->mutex);
  impl_->push(held, Record(EventRecord{impl_->ids.next_event(), event}));
}

void SampleStore::end_instance(const InstanceEnd& end) {
  std::unique_lock held(impl_->mutex);
  impl_->push(held, Record(end));
}

AlertId SampleStore::next_alert_id() {
  const std::lock_guard held(impl_->mutex);
  return impl_->ids.next_alert();
}

void SampleStore::add_alert_transition(const AlertTransition& transition) {
  std::unique_lock held(impl_->mutex);
  impl_->push(held, Record(std::make_unique<TransitionRecord>(
                        TransitionRecord{impl_->ids.next_history(), transition})));
}

void SampleStore::update_alert(const Alert& alert, WallTime now) {
  std::unique_lock held(impl_->mutex);
  impl_->push(held, Record(std::make_unique<TransitionRecord>(
                        TransitionRecord{0, AlertTransition{alert, alert.state, now, {}}})));
}

void SampleStore::add_daemon_stats(const DaemonStats& stats) {
  std::unique_lock held(impl_->mutex);
  impl_->push(held, Record(std::make_unique<DaemonStatsRecord>(
                        DaemonStatsRecord{impl_->ids.next_daemon_stats(), stats})));
}

void SampleStore::limit_queue(std::size_t rows) {
  const std::lock_guard held(impl_->mutex);
  impl_->queue.limit_samples(rows);
  impl_->progress.notify_all();
}

CaptureId SampleStore::next_capture_id() {
  const std::lock_guard held(impl_->mutex);
  return impl_->ids.next_capture();
}

bool SampleStore::add_capture(const Capture& capture) {
  std::unique_lock held(impl_->mutex);
  return impl_->push(held, Record(capture));
}

bool SampleStore::remove_capture(CaptureId id) {
  std::unique_lock held(impl_->mutex);
  return impl_->push(held, Record(CaptureRemoval{id}));
}

Result<void> SampleStore::flush(std::chrono::milliseconds timeout) {
  std::unique_lock held(impl_->mutex);
  const WriteQueue::Progress goal = impl_->queue.added();
  ++impl_->flushing;
  impl_->retry_now = true;
  impl_->wake.notify_all();
  const bool reached = impl_->progress.wait_for(
      held, timeout, [&] { return impl_->queue.finished().reached(goal); });
  --impl_->flushing;
  impl_->retry_now = false;
  if (reached) return {};
  if (!impl_->stats.last_error.empty()) return Error{ErrorKind::kIo, impl_->stats.last_error};
  return Error{ErrorKind::kTimeout, "the database took longer than the time given for a flush"};
}

StoreStats SampleStore::stats() const {
  const std::lock_guard held(impl_->mutex);
  StoreStats stats = impl_->stats;
  stats.dropped_samples = impl_->queue.dropped_samples();
  stats.dropped_records = impl_->queue.dropped_records();
  stats.dropped_events = impl_->queue.dropped_events();
  stats.queued_rows = impl_->queue.size();
  return stats;
}

StoreWindow SampleStore::take_window() {
  const std::lock_guard held(impl_->mutex);
  return {std::exchange(impl_->commits, {}), impl_->queue.take_max_size()};
}

void SampleStore::on_commit(
    std::function<void(std::int64_t newest_sample_row, std::uint64_t committed)> listener) {
  const std::lock_guard held(impl_->mutex);
  impl_->listener = std::move(listener);
}

}  // namespace soakwatch
