// The statements that write. Used by the writer's thread alone.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "storage/alert_writer.h"
#include "storage/file_identity.h"
#include "storage/instance_writer.h"
#include "storage/record.h"
#include "storage/retention.h"

namespace soakwatch {

// The greatest ids in the file, 0 where there is none, by which rows of another writer are known:
// whoever writes adds one of these.
struct NewestIds {
  std::int64_t sample = 0;
  std::int64_t event = 0;
  std::int64_t instance = 0;
  void note(const Batch& batch);
  [[nodiscard]] bool has_beyond(const NewestIds& known) const {
    return sample > known.sample || event > known.event || instance > known.instance;
  }
};

class DatabaseWriter {
 public:
  explicit DatabaseWriter(std::unique_ptr<SQLite::Database> connection);

  // One transaction: all of the batch, or (throwing SQLite::Exception) nothing of it. A row that
  // the database refuses for what it is, which a second try would not change, is left out and
  // counted.
  void write(const Batch& batch);
  // Moves what readers allow from the write-ahead log into the file, and syncs both.
  void checkpoint();
  // Where the log is long, gives it to the file as far as readers allow: nothing does it within a
  // commit. To be called when what was written is acknowledged.
  [[nodiscard]] bool log_is_long() const { return log_pages_ >= kLongLogPages; }
  // The next commit syncs the head of a new log.
  [[nodiscard]] bool log_is_new() const { return log_pages_ == 0; }
  void relieve_log();
  // Before the file is left: as much of the log as readers allow, and nothing besides. False: a
  // reader kept some of it back.
  bool save_log();
  // Checkpoints, and cuts the log off where nobody reads it; does not wait for who does.
  void shrink_log();
  [[nodiscard]] std::int64_t log_bytes() const;

  // The next write() syncs the log, with all that was written before, also where its rows are there
  // already.
  void sync_next() { sync_next_ = true; }

  // A slice of what Retention does, without a sync to the disk.
  Retention::Slice retain(const RetentionOptions& options, const ClockReading& now,
                          const SliceLimit& limit);

  // False: somebody removed or replaced the file, its -wal or its -shm, which SQLite does not
  // notice. Rows go on into files without a name until the connection is closed, which saves them
  // if it can.
  [[nodiscard]] bool files_in_place() const;
  [[nodiscard]] NewestIds newest_ids() const;

  [[nodiscard]] std::uint64_t rejected_rows() const { return rejected_rows_; }
  // Of the newest batch; empty when all its rows were taken.
  [[nodiscard]] const std::string& last_rejection() const { return last_rejection_; }

 private:
  static constexpr int kLongLogPages = 1000;  // 4 MiB

  // True: all of the log is in the file.
  bool checkpoint(const char* pragma);
  void begin_log();
  void set_synchronous(bool full);
  void run(SQLite::Statement& statement);
  void write(const Record& record);
  void write(const TargetRecord& target);
  void write(const InstanceRecord& instance);
  void write(const InstanceEnd& end);
  void write(const EventRecord& event);
  void write(const TransitionRecord& record);
  void write(const Capture& capture);
  void write(const CaptureRemoval& removal);
  void write(const DaemonStatsRecord& record);
  void write(const SampleRecord& sample);

  std::unique_ptr<SQLite::Database> db_;
  std::string path_;
  const std::function<void(SQLite::Statement&)> run_;
  FileIdentity database_id_;
  FileIdentity wal_id_;
  FileIdentity shm_id_;
  SQLite::Statement begin_;
  SQLite::Statement commit_;
  SQLite::Statement insert_target_;
  InstanceWriter instances_;
  SQLite::Statement insert_event_;
  AlertWriter alerts_;
  SQLite::Statement insert_capture_;
  SQLite::Statement delete_capture_;
  SQLite::Statement insert_daemon_stats_;
  SQLite::Statement delete_daemon_stats_;
  SQLite::Statement insert_sample_;
  int log_pages_ = 0;  // after the newest commit
  bool synchronous_full_ = false;
  bool sync_next_ = false;
  std::uint64_t rejected_rows_ = 0;
  std::string last_rejection_;
  std::unique_ptr<Retention> retention_;  // once it was asked for
};

}  // namespace soakwatch
