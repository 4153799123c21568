#include "storage/sample_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <thread>
#include <utility>

#include "storage/database_file.h"
#include "storage/free_space.h"
#include "storage/lock_file.h"
#include "storage/writer_loop.h"

namespace soakwatch {
namespace {

// Events, ends of instances and alerts: a night of trouble makes hundreds.
constexpr std::size_t kRecordLimitRows = 100000;
// Who wants to know whether all is safe calls close().
constexpr std::chrono::milliseconds kDestructorPatience{2000};

}  // namespace

struct SampleStore::Impl : StoreState {
  Impl(const StoreOptions& store_options, LockFile lock_file, OpenedDatabase opened, Roster roster)
      : StoreState(store_options, *opened.connection, kRecordLimitRows),
        options(store_options),
        notice(opened.notice),
        begun_anew(opened.replaced),
        loop(*this, store_options, std::move(opened), std::move(roster), std::move(lock_file)) {
    if (!begun_anew) return;
    stats.replaced_files = 1;
    stats.replacement = notice;
  }

  // Releases the mutex, so that the writer does not wake up only to wait for it; and wakes it only
  // where it waits for this.
  template <class Item>
  bool push(std::unique_lock<std::mutex>& held, Item item) {
    // The first record as well: while samples must wait, it waits for records alone.
    const bool first = std::is_same_v<Item, Record> ? !queue.has_records() : queue.empty();
    const bool taken = queue.push(std::move(item));
    const bool awaited = first || queue.size() >= kBatchLimitRows;
    held.unlock();
    if (awaited) wake.notify_one();
    return taken;
  }

  const StoreOptions options;
  const std::string notice;
  const bool begun_anew;  // the file was broken
  WriterLoop loop;
  std::thread thread;
};

SampleStore::SampleStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->thread = std::thread([this] { impl_->loop.run(); });
}

SampleStore::~SampleStore() { (void)close(kDestructorPatience); }

Result<void> SampleStore::close(std::chrono::milliseconds patience) {
  if (impl_->thread.joinable()) {
    {
      const std::lock_guard held(impl_->mutex);
      impl_->stop = true;
      impl_->give_up = impl_->loop.now() + patience;
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
  auto roster = Roster::read(options.database);
  if (!roster) return roster.error();
  try {
    if (options.retention.now && opened->notice.empty()) {
      opened->notice = make_shrinkable(*opened->connection, options.database);
    }
    return std::unique_ptr<SampleStore>(new SampleStore(
        std::make_unique<Impl>(options, std::move(*lock), std::move(*opened), std::move(*roster))));
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
  impl_->newest_time = std::max(impl_->newest_time, sample.time);
  return impl_->push(held, SampleRecord{impl_->ids.next_sample(), sample});
}

void SampleStore::add_event(const Event& event) {
  std::unique_lock held(impl_->mutex);
  impl_->newest_time = std::max(impl_->newest_time, event.time);
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
