// The writer's connection over its troubles: opened again after a failure, checked, and moved on to
// a new file when the old one is broken for good.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "storage/database_writer.h"
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
                   Roster roster);

  // All of the batch or nothing. After a failure of the disk, and after content that is not what
  // was written, the next call opens the file again and checks it. One answer of such a kind is no
  // proof; kCorruptLimit in a row are, and so are kUnreadableLimit that say that it cannot be read.
  // Then it is moved aside (storage/quarantine.h), a new one is begun, and replacement() tells.
  WriteOutcome write(const Batch& batch);
  WriteOutcome checkpoint();
  WriteOutcome shrink_log();
  // A slice of retention; `slice` stays as it is where there is no connection or it fails.
  WriteOutcome retain(const RetentionOptions& options, WallTime now, int limit_units,
                      Retention::Slice& slice);
  // 0 while there is no connection.
  [[nodiscard]] std::int64_t log_bytes() const { return writer_ ? writer_->log_bytes() : 0; }

  // Where somebody removed the files: opens them again.
  struct Displacement {
    std::string message;
    bool reopened = false;
    std::int64_t newest_sample = 0;  // that is still there
  };
  std::optional<Displacement> leave_displaced();

  [[nodiscard]] std::uint64_t rejected_rows() const;
  // Of the newest batch; empty when all its rows were taken.
  [[nodiscard]] std::string last_rejection() const;
  // What happened to a broken file since the last call; empty: nothing.
  std::string take_replacement() { return std::exchange(replacement_, {}); }

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
  void replace();

  const std::filesystem::path database_;
  std::unique_ptr<DatabaseWriter> writer_;  // null after a failure: to be opened again
  Roster roster_;
  std::uint64_t rejected_before_ = 0;  // by the connections before
  std::string replacement_;

  bool check_ = false;    // when it is opened again
  bool checked_ = false;  // since it was last written to
  int corrupt_ = 0;       // answers of that kind since it was last written to
  int unreadable_ = 0;
  std::string broken_;    // for good: why; a new file is to be begun
  bool is_bare_ = false;  // the new file has no roster yet
};

}  // namespace soakwatch
