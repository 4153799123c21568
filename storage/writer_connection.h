// The writer's connection over its troubles: opened again after a failure, checked, and moved on to
// a new file when the old one is broken for good, or somebody took it away.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "storage/database_file.h"
#include "storage/database_writer.h"
#include "storage/file_identity.h"
#include "storage/lock_file.h"
#include "storage/roster.h"

namespace soakwatch {

enum class WriteTrouble : std::uint8_t {
  kNone,
  kBusy,     // another program holds a transaction: passes by itself
  kNoSpace,  // the disk is full
  kOther,
};

struct WriteOutcome {
  WriteTrouble trouble = WriteTrouble::kNone;
  std::string message{};  // for a person; empty: it went well
  [[nodiscard]] bool ok() const { return trouble == WriteTrouble::kNone; }
};

// Not thread-safe: the writer's thread only. Nothing here throws what SQLite throws.
class WriterConnection {
 public:
  // `connection` as open_database() gave it, `roster` as the file has it.
  WriterConnection(std::filesystem::path database, std::unique_ptr<SQLite::Database> connection,
                   Roster roster, LockFile lock);

  // All of the batch or nothing. After a failure of the disk, and after content that is not what
  // was written, the next call opens the file again and checks it. One answer of such a kind is no
  // proof; kCorruptLimit in a row are, and so are kUnreadableLimit that say that it cannot be read.
  // Then it is moved aside (storage/quarantine.h), a new one is begun, and replacement() tells.
  WriteOutcome write(const Batch& batch);
  WriteOutcome checkpoint();
  WriteOutcome shrink_log();
  // Where the log has become long, or is new: what SQLite would do within a commit. True: it was.
  bool relieve_log(WriteOutcome& outcome);
  // A slice of retention; `slice` stays as it is where there is no connection or it fails.
  WriteOutcome retain(const RetentionOptions& options, const ClockReading& now,
                      const SliceLimit& limit, Retention::Slice& slice);
  // 0 while there is no connection.
  [[nodiscard]] std::int64_t log_bytes() const { return writer_ ? writer_->log_bytes() : 0; }

  // Where somebody removed, moved or replaced the files, which each call of the above looks for:
  // leaves them. A log alone costs nothing unless a reader kept it from being saved. A database
  // that is gone is left; the next call goes on with it where it has come back, and else begins a
  // new one, as for a broken file; its folder is made again where that is allowed. Where the lock
  // file is gone, and another process got the lock meanwhile, nothing is written until that one
  // ends; what it wrote is then moved aside, for it gave out the same ids.
  void leave_displaced();
  // Why a file had to be left, until there is another; empty: none was.
  [[nodiscard]] std::string displacement() const;
  // The file that had to be left is deleted, and all that was in it.
  [[nodiscard]] bool is_lost() const { return is_gone() && pin_.is_removed(); }

  [[nodiscard]] std::uint64_t rejected_rows() const;
  // Of the newest batch; empty when all its rows were taken.
  [[nodiscard]] std::string last_rejection() const;
  // That somebody removed the log, since the last call; empty: nobody did.
  std::string take_log_removal() { return std::exchange(log_removal_, {}); }
  // What happened to a file that was given up since the last call; nothing: none was.
  struct Replacement {
    std::string notice;
    bool is_lost = false;  // with all that was in it
  };
  std::optional<Replacement> take_replacement() {
    return std::exchange(replacement_, std::nullopt);
  }

  // The last connection checkpoints, and removes the write-ahead log.
  void close() { drop(); }

  static constexpr int kCorruptLimit = 3;
  // A minute of the usual pause between two tries: a disk that comes back finds its file.
  static constexpr int kUnreadableLimit = 30;

 private:
  template <class Body>
  WriteOutcome attempt(Body body);
  void open();
  void drop();
  WriteOutcome failed(const SQLite::Exception& error);
  Result<void> hold_lock();
  void replace();
  void forget_trouble();
  void leave_what_is_not_ours() const;
  void look_for_foreign_rows();
  // The file that was written last has its name no more.
  [[nodiscard]] bool is_gone() const { return !writer_ && pin_.is_gone_from(database_); }

  const std::filesystem::path database_;
  std::unique_ptr<DatabaseWriter> writer_;  // null after a failure: to be opened again
  Roster roster_;
  std::uint64_t rejected_before_ = 0;  // by the connections before
  LockFile lock_;
  FilePin pin_;                       // the file, also while there is no connection to it
  std::optional<Replacement> begun_;  // what was there is aside, and there is no new file yet
  std::optional<Replacement> replacement_;
  std::string log_removal_;

  bool check_ = false;    // when it is opened again
  bool checked_ = false;  // since it was last written to
  int corrupt_ = 0;       // answers of that kind since it was last written to
  int unreadable_ = 0;
  std::string broken_;       // for good: why; a new file is to be begun
  bool is_bare_ = false;     // the new file has no roster yet
  NewestIds newest_;         // that were written here
  bool is_suspect_ = false;  // the lock was gone: another process may have written
  bool is_foreign_ = false;  // it has
};

}  // namespace soakwatch
