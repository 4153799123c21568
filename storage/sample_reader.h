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

// One row of an export: a sample with whose it is. The pointers live as long as the call.
struct SampleRow {
  const TargetRow* target = nullptr;
  const InstanceRow* instance = nullptr;
  std::int64_t row_id = 0;
  Sample sample;
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
  // kNotFound, here and below: the query names a target that is not there.
  Result<std::int64_t> count(const SampleQuery& query);
  // Calls `row` for each sample, by target, then by time; those of one instance, where the query
  // names it, in order of arrival, which no clock that is set back changes. In pages of short
  // transactions. Stops early when `row` returns false. Rows that arrive meanwhile are left out.
  Result<void> for_each(const SampleQuery& query, const std::function<bool(const SampleRow&)>& row);
  Result<std::optional<Sample>> latest(InstanceId instance);
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
