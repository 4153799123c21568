#include "storage/writer_connection.h"

#include <sqlite3.h>

#include <utility>

#include "storage/database_file.h"

namespace soakwatch {
namespace {

bool is_unreadable(int extended_code) {
  return extended_code == SQLITE_IOERR_READ || extended_code == SQLITE_IOERR_SHORT_READ;
}

}  // namespace

WriterConnection::WriterConnection(std::filesystem::path database,
                                   std::unique_ptr<SQLite::Database> connection, Roster roster)
    : database_(std::move(database)),
      writer_(std::make_unique<DatabaseWriter>(std::move(connection))),
      roster_(std::move(roster)) {}

template <class Body>
WriteOutcome WriterConnection::attempt(Body body) {
  try {
    if (!broken_.empty()) replace();
    if (!writer_) open();
    body();
    return {};
  } catch (const SQLite::Exception& error) {
    return failed(error);
  } catch (const std::exception& error) {  // no memory
    return {WriteTrouble::kOther, error.what()};
  }
}

WriteOutcome WriterConnection::write(const Batch& batch) {
  WriteOutcome outcome = attempt([&] {
    if (is_bare_) writer_->write(roster_.rows());
    is_bare_ = false;
    writer_->write(batch);
    corrupt_ = unreadable_ = 0;
    check_ = checked_ = false;
  });
  if (outcome.ok()) roster_.note(batch);
  return outcome;
}

WriteOutcome WriterConnection::checkpoint() {
  if (!writer_) return {};
  return attempt([this] { writer_->checkpoint(); });
}

WriteOutcome WriterConnection::shrink_log() {
  if (!writer_) return {};
  return attempt([this] { writer_->shrink_log(); });
}

WriteOutcome WriterConnection::retain(const RetentionOptions& options, WallTime now,
                                      int limit_units, Retention::Slice& slice) {
  if (!writer_) return {};
  return attempt([&] { slice = writer_->retain(options, now, limit_units); });
}

void WriterConnection::open() {
  auto connection = connect_writer(database_);
  if (std::exchange(check_, false)) {
    checked_ = true;
    check_integrity(*connection);
  }
  writer_ = std::make_unique<DatabaseWriter>(std::move(connection));
  // A transaction whose sync failed may be found complete in the log: its rows are there when it is
  // written again, and still not safe.
  writer_->sync_next();
}

void WriterConnection::drop() {
  rejected_before_ = rejected_rows();
  writer_.reset();
}

WriteOutcome WriterConnection::failed(const SQLite::Exception& error) {
  const Error described = sqlite_error(database_, error);
  if (described.kind == ErrorKind::kUnavailable) return {WriteTrouble::kBusy, described.message};
  const int extended = error.getExtendedErrorCode();
  // The log's index could not grow: SQLite has no better word for it. The connection is sound, and
  // closing it would give up the room that the log has.
  if (error.getErrorCode() == SQLITE_FULL || extended == SQLITE_IOERR_SHMSIZE) {
    return {WriteTrouble::kNoSpace, described.message};
  }
  drop();
  if (means_corruption(error)) {
    check_ = true;
    ++corrupt_;
  } else if (is_unreadable(extended)) {
    check_ = true;
    ++unreadable_;
  } else if (error.getErrorCode() == SQLITE_IOERR && !checked_) {
    check_ = true;
  }
  if (corrupt_ >= kCorruptLimit || unreadable_ >= kUnreadableLimit) broken_ = error.what();
  return {WriteTrouble::kOther, described.message};
}

void WriterConnection::replace() {
  drop();
  auto begun = begin_anew(database_, broken_);
  if (!begun) throw std::runtime_error(begun.error().message);
  broken_.clear();
  corrupt_ = unreadable_ = 0;
  check_ = checked_ = false;
  is_bare_ = true;
  replacement_ = std::move(begun->notice);
  writer_ = std::make_unique<DatabaseWriter>(std::move(begun->connection));
}

std::optional<WriterConnection::Displacement> WriterConnection::leave_displaced() {
  if (!writer_ || writer_->files_in_place()) return std::nullopt;
  Displacement displacement;
  displacement.message = database_.string() + ", its -wal or its -shm was removed while in use";
  drop();  // writes the log into the file, where that is still there
  try {
    open();
    displacement.newest_sample = writer_->newest_sample();
    displacement.reopened = true;
  } catch (const SQLite::Exception& error) {
    displacement.message +=
        "; it cannot be opened again: " + sqlite_error(database_, error).message;
  }
  return displacement;
}

std::uint64_t WriterConnection::rejected_rows() const {
  return rejected_before_ + (writer_ ? writer_->rejected_rows() : 0);
}

std::string WriterConnection::last_rejection() const {
  return writer_ ? writer_->last_rejection() : std::string();
}

}  // namespace soakwatch
