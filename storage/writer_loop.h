// What the writer's thread does: takes batches from the queue, writes them, and decides what must
// wait while the disk is full, while a reader keeps the log from shrinking, and after a failure.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "storage/database_file.h"
#include "storage/id_registry.h"
#include "storage/live_csv.h"
#include "storage/lock_file.h"
#include "storage/space_guard.h"
#include "storage/store_trouble.h"
#include "storage/write_queue.h"
#include "storage/writer_connection.h"

namespace soakwatch {

// One transaction takes at most so many samples: what waits after a long trouble is written in
// pieces.
inline constexpr std::size_t kBatchLimitRows = 2000;

// What the callers of SampleStore and its writer share; `mutex` guards all that follows it.
struct StoreState {
  using Clock = std::chrono::steady_clock;
  StoreState(const StoreOptions& options, SQLite::Database& db, std::size_t record_limit_rows)
      : ids(db), queue(options.queue_limit_rows, record_limit_rows) {}

  // With the mutex held.
  void push_event(Event event) {
    queue.push(Record(EventRecord{ids.next_event(), std::move(event)}));
  }

  std::mutex mutex;
  std::condition_variable wake;      // the writer
  std::condition_variable progress;  // who waits for it
  IdRegistry ids;
  WriteQueue queue;
  StoreStats stats;
  LatencyHistogram commits;  // since the last look of somebody
  std::function<void(std::int64_t, std::uint64_t)> listener;
  WallTime newest_time;  // of all that came in
  int flushing = 0;      // how many threads wait in flush()
  bool retry_now = false;
  bool stop = false;
  Clock::time_point give_up;  // after stop
  std::string displaced_trouble;
};

class WriterLoop {
 public:
  // `state` must outlive it.
  WriterLoop(StoreState& state, const StoreOptions& options, OpenedDatabase opened, Roster roster,
             LockFile lock);
  // Until the state says stop.
  void run();

  using Clock = StoreState::Clock;
  // By which everything here is due. Any thread.
  [[nodiscard]] Clock::time_point now() const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  void wait_for_work(Lock& held);
  void wait_to_retry(Lock& held);
  // Whether samples may be written now; looks at the disk and the log with the mutex released.
  void look_at_room(Lock& held);
  std::string lack_of_room();
  // Takes a batch and writes it with the mutex released. False: it failed and is queued again.
  bool write_some(Lock& held);
  void committed(const Batch& batch);
  // Gives a log that has become long to the file, after what was written is acknowledged.
  void relieve_log(Lock& held);
  void maintain(Lock& held);
  // A slice of retention, where one is due and nothing waits.
  void retain(Lock& held);
  // At the end: what is no longer there, and that it is not.
  void tell_displacement();
  // With the mutex held.
  void begin_trouble(const std::string& reason, bool worth_telling);
  void end_trouble();
  void tell_replacement();
  // Of the samples in the file that is left: how many are lost, for a person.
  std::string count_left(bool is_lost);
  [[nodiscard]] bool work_waits() const;

  StoreState& state_;
  const StoreOptions options_;
  WriterConnection connection_;
  SpaceGuard space_;
  std::unique_ptr<LiveCsv> live_csv_;

  bool last_ = false;    // the round after stop has begun
  bool failed_ = false;  // the last write did
  std::string hold_;     // why samples must wait; empty: they need not
  std::string warning_;  // what is wrong though all is written
  StoreTrouble trouble_;
  Clock::time_point written_;
  Clock::time_point next_look_{};
  Clock::time_point looked_{};  // at the room; epoch: never
  Clock::time_point next_checkpoint_;
  Clock::time_point next_retention_;  // max: never
  SlicePace retention_pace_;
  bool gathering_ = false;
  std::int64_t newest_committed_ = 0;
  std::uint64_t counted_ = 0;  // of the committed samples: those in files that were left before
};

}  // namespace soakwatch
