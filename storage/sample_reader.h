// Read-only access to a database, also while a daemon writes it. Every read is a short transaction,
// so that a slow consumer never keeps the write-ahead log from being checkpointed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/alert.h"
#include "model/capture.h"
#include "model/daemon_stats.h"
#include "model/event.h"
#include "model/process_id.h"
#include "model/result.h"
#include "model/sample.h"
#include "storage/sample_store.h"
#include "storage/tier.h"

namespace soakwatch {

struct TargetRow {
  TargetId id = 0;
  std::string name;
  std::string spec;
  WallTime created;
};

struct InstanceRow {
  InstanceId id = 0;
  TargetId target = 0;
  ProcessInfo process;
  WallTime first_seen;
  std::optional<WallTime> ended;
  std::string end_reason;
};

struct SampleQuery {
  std::optional<std::string> target;   // by name; absent: all
  std::optional<InstanceId> instance;  // absent: all
  std::optional<WallTime> since;       // inclusive
  std::optional<WallTime> until;       // exclusive
};

struct CaptureQuery {
  std::optional<std::string> target;  // by name; absent, here and below: all
  std::optional<InstanceId> instance;
  std::optional<CaptureKind> kind;
  std::optional<AlertId> alert;
  std::optional<WallTime> since;  // inclusive
  std::optional<WallTime> until;  // exclusive
  std::size_t limit_rows = 10000;
};

// One row of an export: a sample, or a bucket of older ones, with whose it is. The pointers live as
// long as the call. row_values.h says what is taken of a bucket for what.
struct SampleRow {
  const TargetRow* target = nullptr;
  const InstanceRow* instance = nullptr;
  std::int64_t row_id = 0;             // 0: a bucket
  Sample sample;                       // of a bucket: its last values, at the time of the last one
  const TierBucket* bucket = nullptr;  // null: a sample
};

// Not thread-safe; make one per thread.
class SampleReader {
 public:
  // kNotFound: no such file (the message says where it looked); kInvalid: not a soakwatch database,
  // or a newer version.
  static Result<SampleReader> open(const std::filesystem::path& database);
  SampleReader(SampleReader&&) noexcept;
  SampleReader& operator=(SampleReader&&) noexcept;
  ~SampleReader();

  Result<std::vector<TargetRow>> targets();
  Result<std::vector<InstanceRow>> instances(std::optional<TargetId> target = std::nullopt);
  // Rows of for_each(). kNotFound, here and below: the query names a target that is not there.
  Result<std::int64_t> count(const SampleQuery& query);
  // How many samples these rows stand for.
  Result<std::int64_t> samples(const SampleQuery& query);
  // Calls `row` for each sample, and for each minute or hour of those that were rolled up, by
  // target, then by time; those of one instance, where the query names it, in order of arrival,
  // which no clock that is set back changes. In pages of short transactions. Stops early when `row`
  // returns false. Rows that arrive meanwhile are left out; those that are rolled up meanwhile come
  // as what they have become (only where a clock was set back, some of these may be left out).
  Result<void> for_each(const SampleQuery& query, const std::function<bool(const SampleRow&)>& row);
  // The one that came last; of an instance that ended long ago the one of the latest time.
  Result<std::optional<Sample>> latest(InstanceId instance);
  // When retention looked last; nothing: it did not yet.
  Result<std::optional<ClockReading>> clock();
  // The newest `limit` ones, in order of time; target 0: those of the daemon itself.
  Result<std::vector<Event>> events(std::optional<TargetId> target, std::optional<WallTime> since,
                                    std::size_t limit);
  // When the process became another program, in order of time.
  Result<std::vector<WallTime>> program_changes(InstanceId instance);
  // Alerts in their newest state, newest first; `open_only`: pending, firing and plateau
  // ones.
  Result<std::vector<Alert>> alerts(bool open_only, std::size_t limit);
  Result<std::optional<Alert>> alert(AlertId id);
  // Its transitions in order of time.
  Result<std::vector<AlertTransition>> alert_history(AlertId id);
  // Newest first; storage/capture_folder.h reads their files.
  Result<std::vector<Capture>> captures(const CaptureQuery& query);
  Result<std::optional<Capture>> capture(CaptureId id);
  // The newest word of the daemon on how it does itself; nothing: there is none yet.
  Result<std::optional<DaemonStats>> daemon_stats();

 private:
  struct Impl;
  explicit SampleReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The SQLite that is used: "3.40.1".
std::string sqlite_version();
// The newest version of the database that this program knows.
int known_schema_version();

// Whether a process holds `<database>.lock`, that is, writes it now; its pid and its program where
// known: "soakwatchd", or what StoreOptions::program said. As untrusted as the file is.
struct WriterState {
  bool running = false;
  int pid = 0;
  std::string program;
};
WriterState writer_state(const std::filesystem::path& database);

}  // namespace soakwatch
