// The one writer of the database. A thread of its own holds the only connection that writes and
// checkpoints; work reaches it through a bounded queue. docs/schema.md says what the file looks
// like.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/alert.h"
#include "model/capture.h"
#include "model/daemon_stats.h"
#include "model/event.h"
#include "model/latency_histogram.h"
#include "model/process_id.h"
#include "model/result.h"
#include "model/sample.h"
#include "model/target.h"
#include "storage/retention_options.h"
#include "storage/space_guard.h"

namespace soakwatch {

struct StoreOptions {
  std::filesystem::path database;
  std::string program;  // for the lock file: who writes. Empty: the name of the program
  std::size_t queue_limit_rows = 20000;
  // The first row after a pause is written at once, those that follow within this time together.
  std::chrono::milliseconds batch_linger{20};
  // And fsync: a power cut loses less than twice this.
  std::chrono::milliseconds checkpoint_interval{30000};
  std::chrono::milliseconds retry_interval{2000};  // after a failed write
  std::filesystem::path live_csv;  // empty: none. Rows are appended after each commit
  // By which the intervals above are counted; empty: the steady clock.
  std::function<std::chrono::steady_clock::time_point()> now{};
  // Where there is less room than that, samples wait in the queue, and all else is still written.
  SpaceOptions space;
  // Beyond the first, which only somebody's open transaction can bring about, rows are gathered for
  // `gather_linger`, so that fewer pages are written; beyond the second, samples wait.
  std::int64_t log_gather_bytes = std::int64_t{16} << 20;
  std::int64_t log_limit_bytes = std::int64_t{64} << 20;
  std::chrono::milliseconds gather_linger{2000};
  RetentionOptions retention;  // what becomes of old rows, while nothing waits to be written
};

// ProcessId::boot_id of what was no process of ours: rows of a file.
inline constexpr std::string_view kImportedBootId = "imported";

// A process instance as stored. `target` must have been made by the same store.
struct InstanceRecord {
  InstanceId id = 0;
  TargetId target = 0;
  ProcessInfo process;
  WallTime first_seen;
};

struct InstanceEnd {
  InstanceId instance = 0;
  WallTime time;
  std::string reason;
};

struct StoreStats {
  std::uint64_t committed_samples = 0;  // acknowledged: they survive a kill of the process
  std::uint64_t committed_batches = 0;
  std::uint64_t dropped_samples = 0;  // lost because the queue was full
  std::uint64_t dropped_records = 0;  // the same for everything else; its limit is far larger
  std::uint64_t dropped_events = 0;   // the part of them that is events and newer figures of alerts
  std::uint64_t rejected_rows = 0;    // refused by the database for what they are: a bug
  std::uint64_t failed_writes = 0;    // each is tried again
  // Samples that were committed into a file that somebody removed, and rows that close() gave up.
  // Those of a file that was moved are with it.
  std::uint64_t lost_rows = 0;
  // How often a file that was broken or taken away was given up for a new one, at the start or
  // since, and what was said of the last time, for a person.
  std::uint64_t replaced_files = 0;
  std::string replacement;
  std::size_t queued_rows = 0;
  // What is wrong now, also where samples must wait; empty: nothing.
  std::string last_error;
  // Between commits, when the log had become long: its pages go to the file, and both are synced.
  std::chrono::microseconds longest_relief{0};
  RetentionStats retention;
};

// What one look at the store covers: the time since the look before.
struct StoreWindow {
  LatencyHistogram commits;         // each a transaction that succeeded
  std::size_t max_queued_rows = 0;  // the most that waited
};

// All methods may be called from any thread; none waits for the disk, but open(), flush(), close()
// and the destructor.
class SampleStore {
 public:
  // Creates or migrates the file, takes `<database>.lock` and starts the thread. Errors name the
  // file and what to do: kDenied, kUnavailable (another process writes it), kInvalid (not ours, or
  // a newer version), kIo.
  static Result<std::unique_ptr<SampleStore>> open(const StoreOptions& options);
  ~SampleStore();  // closes, with little patience, and releases the lock
  SampleStore(const SampleStore&) = delete;
  SampleStore& operator=(const SampleStore&) = delete;

  [[nodiscard]] const std::filesystem::path& database() const;
  // For the log: what happened to a broken file at the start; else empty.
  [[nodiscard]] const std::string& startup_notice() const;

  // The id for a target's name; the row is written (or its spec updated) before anything queued
  // later.
  TargetId target_id(const std::string& name, const TargetSpec& spec, WallTime now);
  // The id of a target that is stored already; its spec stays as it is.
  [[nodiscard]] std::optional<TargetId> known_target(const std::string& name) const;
  [[nodiscard]] std::optional<std::string> target_name(TargetId id) const;
  // The id for a process instance: the stored one when this very process was watched before, else a
  // new one. `known` tells which.
  struct InstanceHandle {
    InstanceId id = 0;
    bool known = false;
  };
  InstanceHandle instance_id(TargetId target, const ProcessInfo& process, WallTime now);
  // True when the target has had an earlier instance (so a new one is a restart).
  bool has_instances(TargetId target) const;

  // A mass import flushes every few thousand rows, to stay within the queue.
  // False: the queue was full and the oldest sample in it was dropped for this one. Samples only
  // are dropped.
  bool add_sample(const Sample& sample);
  void add_event(const Event& event);
  void end_instance(const InstanceEnd& end);
  // Gives out ids for alerts; the transition itself is written with synchronous=FULL.
  AlertId next_alert_id();
  void add_alert_transition(const AlertTransition& transition);
  // New figures of an open alert, without a change of its state and without a sync to the disk.
  void update_alert(const Alert& alert, WallTime now);

  // How the daemon itself does. Only the newest rows are kept.
  void add_daemon_stats(const DaemonStats& stats);
  // How many samples may wait from now on, in place of StoreOptions::queue_limit_rows; the oldest
  // beyond that are dropped.
  void limit_queue(std::size_t rows);

  // The rows of CaptureStore, which has the files. False: the queue is full, nothing was queued.
  CaptureId next_capture_id();
  bool add_capture(const Capture& capture);
  bool remove_capture(CaptureId id);

  // Waits until everything queued so far is committed. Error kTimeout, or the store's last error.
  Result<void> flush(std::chrono::milliseconds timeout);
  // Writes what is queued, tries again until the patience ends, checkpoints and ends the writer's
  // thread; from one thread, with no add after it. Error kIo: rows are lost, how many and why. A
  // second call gives the same answer.
  Result<void> close(std::chrono::milliseconds patience);
  [[nodiscard]] StoreStats stats() const;
  // Since the last call. One caller.
  StoreWindow take_window();
  // Called on the writer's thread after each commit, with the id of the newest sample row: from
  // here on those rows survive a kill. Set it before the first add.
  void on_commit(
      std::function<void(std::int64_t newest_sample_row, std::uint64_t committed)> listener);

 private:
  struct Impl;
  explicit SampleStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace soakwatch
