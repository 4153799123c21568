// The statements that write. Used by the writer's thread alone.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "storage/record.h"
#include "storage/retention.h"

namespace soakwatch {

class DatabaseWriter {
 public:
  explicit DatabaseWriter(std::unique_ptr<SQLite::Database> connection);

  // One transaction: all of the batch, or (throwing SQLite::Exception) nothing of it. A row that
  // the database refuses for what it is, which a second try would not change, is left out and
  // counted.
  void write(const Batch& batch);
  // Moves what readers allow from the write-ahead log into the file, and syncs both.
  void checkpoint();
  // The same, and cuts the log off where nobody reads it; does not wait for who does.
  void shrink_log();
  [[nodiscard]] std::int64_t log_bytes() const;

  // The next write() syncs the log, with all that was written before, also where its rows are there
  // already.
  void sync_next() { sync_next_ = true; }

  // A slice of what Retention does, without a sync to the disk.
  Retention::Slice retain(const RetentionOptions& options, WallTime now, int limit_units);

  // False: somebody removed or replaced the file, its -wal or its -shm, which SQLite does not
  // notice. Rows go on into files without a name until the connection is closed, which saves them
  // if it can.
  [[nodiscard]] bool files_in_place() const;

  // The greatest id of a sample in the file; 0: none.
  [[nodiscard]] std::int64_t newest_sample() const;

  [[nodiscard]] std::uint64_t rejected_rows() const { return rejected_rows_; }
  // Of the newest batch; empty when all its rows were taken.
  [[nodiscard]] const std::string& last_rejection() const { return last_rejection_; }

 private:
  struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const FileId&, const FileId&) = default;
  };
  static FileId file_id(const std::string& path);

  void checkpoint(const char* pragma);
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
  void write(const SampleRecord& sample);

  std::unique_ptr<SQLite::Database> db_;
  std::string path_;
  FileId database_id_;
  FileId wal_id_;
  FileId shm_id_;
  SQLite::Statement begin_;
  SQLite::Statement commit_;
  SQLite::Statement insert_target_;
  SQLite::Statement insert_instance_;
  SQLite::Statement end_instance_;
  SQLite::Statement insert_event_;
  SQLite::Statement insert_alert_;
  SQLite::Statement insert_history_;
  SQLite::Statement insert_capture_;
  SQLite::Statement delete_capture_;
  SQLite::Statement insert_sample_;
  bool synchronous_full_ = false;
  bool sync_next_ = false;
  std::uint64_t rejected_rows_ = 0;
  std::string last_rejection_;
  std::unique_ptr<Retention> retention_;  // once it was asked for
};

}  // namespace soakwatch
