#include "storage/writer_connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

#include "storage/quarantine.h"

namespace soakwatch {
namespace {

bool is_unreadable(const SQLite::Exception& error) {
  // check_integrity() has no other place for it than the first.
  const auto any_is = [&error](int code) {
    return error.getErrorCode() == code || error.getExtendedErrorCode() == code;
  };
  return any_is(SQLITE_IOERR_READ) || any_is(SQLITE_IOERR_SHORT_READ);
}

}  // namespace

WriterConnection::WriterConnection(std::filesystem::path database,
                                   std::unique_ptr<SQLite::Database> connection, Roster roster,
                                   LockFile lock)
    : database_(std::move(database)),
      writer_(std::make_unique<DatabaseWriter>(std::move(connection))),
      roster_(std::move(roster)),
      lock_(std::move(lock)),
      pin_(database_),
      newest_(writer_->newest_ids()) {}

template <class Body>
WriteOutcome WriterConnection::attempt(Body body) {
  try {
    leave_displaced();
    if (auto held = hold_lock(); !held) return {WriteTrouble::kOther, held.error().message};
    const bool is_to_be_begun = begun_ && !pin_.is_at(database_);
    if (is_to_be_begun || !broken_.empty() || is_foreign_ || is_gone()) replace();
    if (!writer_) open();
    if (is_suspect_) look_for_foreign_rows();
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
    newest_.note(batch);
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

WriteOutcome WriterConnection::retain(const RetentionOptions& options, const ClockReading& now,
                                      const SliceLimit& limit, Retention::Slice& slice) {
  if (!writer_) return {};
  return attempt([&] { slice = writer_->retain(options, now, limit); });
}

bool WriterConnection::relieve_log(WriteOutcome& outcome) {
  if (!writer_ || !(writer_->log_is_long() || writer_->log_is_new())) return false;
  outcome = attempt([this] { writer_->relieve_log(); });
  return true;
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
  begun_.reset();  // the file has come back
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
  } else if (is_unreadable(error)) {
    check_ = true;
    ++unreadable_;
  } else if (error.getErrorCode() == SQLITE_IOERR && !checked_) {
    check_ = true;
  }
  if (corrupt_ >= kCorruptLimit || unreadable_ >= kUnreadableLimit) broken_ = error.what();
  return {WriteTrouble::kOther, described.message};
}

// What was there is moved aside once, however often the disk fails to take a new one.
void WriterConnection::replace() {
  drop();
  if (!begun_ || !broken_.empty() || is_foreign_) {
    const bool is_broken = !broken_.empty() && !is_foreign_ && (begun_ || !is_gone());
    const std::string trouble =
        is_broken ? fmt::format("{} was broken ({})", database_.string(), broken_) : displacement();
    const bool lost = is_lost();
    if (!is_broken) leave_what_is_not_ours();
    auto aside =
        set_aside(database_, is_broken ? Quarantine::kCorrupt : Quarantine::kDisplaced, trouble);
    if (!aside) {
      if (is_broken) {  // a disk that is away: once it is back, the file is looked at again
        forget_trouble();
        check_ = true;
      }
      throw std::runtime_error(aside.error().message);
    }
    if (!begun_) begun_ = Replacement{std::move(*aside), lost};
    forget_trouble();
    is_foreign_ = false;
  }
  auto made = make_database(database_);
  if (!made) throw std::runtime_error(made.error().message);
  auto writer = std::make_unique<DatabaseWriter>(std::move(*made));
  newest_ = writer->newest_ids();
  writer_ = std::move(writer);
  pin_ = FilePin(database_);
  is_bare_ = true;
  replacement_ = std::exchange(begun_, std::nullopt);
}

void WriterConnection::forget_trouble() {
  broken_.clear();
  corrupt_ = unreadable_ = 0;
  check_ = checked_ = false;
}

// A file of another kind that somebody put under the name stays as it is, as at the start.
void WriterConnection::leave_what_is_not_ours() const {
  std::error_code error;
  if (!std::filesystem::exists(database_, error)) return;
  if (auto ours = prepare_database_file(database_); !ours) {
    throw std::runtime_error(ours.error().message);
  }
}

// After the lock was gone for a while. Rows that another process wrote have ids that were given out
// here as well.
void WriterConnection::look_for_foreign_rows() {
  is_foreign_ = writer_->newest_ids().has_beyond(newest_);
  is_suspect_ = false;
  if (is_foreign_) replace();
}

// Before there is a connection to what has the name now.
Result<void> WriterConnection::hold_lock() {
  if (lock_.is_in_place()) return {};
  if (auto made = make_folders(database_.parent_path()); !made) return made;
  if (auto held = lock_.renew(); !held) {
    if (held.error().kind != ErrorKind::kUnavailable) return held;
    is_suspect_ = true;
    drop();
    return held;
  }
  is_suspect_ = true;  // one that has ended meanwhile
  return {};
}

void WriterConnection::leave_displaced() {
  if (!writer_) return;
  if (writer_->files_in_place()) {
    if (pin_.is_empty()) pin_ = FilePin(database_);  // there were no descriptors left for it
    return;
  }
  // The file gets what is in the log, which has no name any more, or one in another folder.
  bool saved = false;
  try {
    saved = writer_->save_log();
  } catch (const SQLite::Exception&) {
  }
  if (!pin_.is_gone_from(database_)) {
    log_removal_ = database_.string() + "-wal or -shm was removed while in use" +
                   (saved ? "" : "; a program that reads kept some of it from being saved");
  }
  drop();
}

std::string WriterConnection::displacement() const {
  const std::string name = database_.string();
  if (begun_) return begun_->notice + ", but could not be written yet";
  if (is_lost()) return name + " was removed while in use";
  if (is_gone()) return fmt::format("{} was moved to {} while in use", name, pin_.name());
  if (is_foreign_)
    return name + " was written by another process while its lock file had been removed";
  return {};
}

std::uint64_t WriterConnection::rejected_rows() const {
  return rejected_before_ + (writer_ ? writer_->rejected_rows() : 0);
}

std::string WriterConnection::last_rejection() const {
  return writer_ ? writer_->last_rejection() : std::string();
}

}  // namespace soakwatch
