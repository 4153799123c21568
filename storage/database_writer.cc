#include "storage/database_writer.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "storage/capture_row.h"
#include "storage/database_file.h"
#include "storage/schema.h"
#include "storage/statement_text.h"

namespace soakwatch {
namespace {

// A week at one row every 30 s: 4 MiB.
constexpr std::int64_t kKeptDaemonStats = 20160;

std::string insert_capture_sql() {
  return fmt::format("INSERT INTO captures ({}) VALUES ({}) ON CONFLICT(id) DO NOTHING",
                     kCaptureColumns, placeholders(kCaptureColumnCount));
}

std::string insert_sample_sql() {
  return fmt::format(
      "INSERT INTO samples (id, instance_id, time_ms, monotonic_ms{}) VALUES ({}) "
      "ON CONFLICT(id) DO NOTHING",
      metric_columns(""), placeholders(4 + static_cast<int>(kMetricCount)));
}

std::string insert_daemon_stats_sql() {
  std::string columns = "id, time_ms, pid";
  for (const auto& figure : all_daemon_figures()) columns += fmt::format(", {}", figure.name);
  return fmt::format("INSERT INTO daemon_stats ({}) VALUES ({}) ON CONFLICT(id) DO NOTHING",
                     columns, placeholders(3 + static_cast<int>(kDaemonFigureCount)));
}

// What a power cut must not take: changes of an alert, and captures, whose files are synced too.
bool is_evidence(const Record& record) {
  const auto* transition = std::get_if<std::unique_ptr<TransitionRecord>>(&record);
  return std::holds_alternative<Capture>(record) ||
         (transition != nullptr && (*transition)->id != 0);
}

}  // namespace

DatabaseWriter::DatabaseWriter(std::unique_ptr<SQLite::Database> connection)
    : db_(std::move(connection)),
      path_(db_->getFilename()),
      run_([this](SQLite::Statement& statement) { run(statement); }),
      begin_(*db_, "BEGIN IMMEDIATE"),
      commit_(*db_, "COMMIT"),
      insert_target_(*db_,
                     "INSERT INTO targets (id, name, spec, created_ms) VALUES (?, ?, ?, ?) "
                     "ON CONFLICT(id) DO UPDATE SET spec = excluded.spec"),
      instances_(*db_),
      insert_event_(*db_,
                    "INSERT INTO events (id, time_ms, kind, target_id, instance_id, detail) "
                    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING"),
      alerts_(*db_),
      insert_capture_(*db_, insert_capture_sql()),
      delete_capture_(*db_, "DELETE FROM captures WHERE id = ?"),
      insert_daemon_stats_(*db_, insert_daemon_stats_sql()),
      delete_daemon_stats_(*db_, "DELETE FROM daemon_stats WHERE id <= ?"),
      insert_sample_(*db_, insert_sample_sql()) {
  // Preparing the statements has opened the log.
  database_id_ = identity_of(path_);
  wal_id_ = identity_of(path_ + "-wal");
  shm_id_ = identity_of(path_ + "-shm");
  // In place of SQLite's own, which would write the log back within the commit that fills it: a
  // row, or a slice of retention, would wait for that.
  sqlite3_wal_hook(
      db_->getHandle(),
      [](void* pages, sqlite3*, const char*, int now) {
        *static_cast<int*>(pages) = now;
        return SQLITE_OK;
      },
      &log_pages_);
}

void NewestIds::note(const Batch& batch) {
  if (!batch.samples.empty()) sample = std::max(sample, batch.samples.back().id);
  for (const Record& record : batch.records) {
    if (const auto* row = std::get_if<EventRecord>(&record)) event = std::max(event, row->id);
    if (const auto* row = std::get_if<InstanceRecord>(&record)) {
      instance = std::max(instance, row->id);
    }
  }
}

bool DatabaseWriter::files_in_place() const {
  return !leads_elsewhere(path_, database_id_) && !leads_elsewhere(path_ + "-wal", wal_id_) &&
         !leads_elsewhere(path_ + "-shm", shm_id_);
}

NewestIds DatabaseWriter::newest_ids() const {
  const auto newest = [this](std::string_view table) {
    return db_->execAndGet(fmt::format("SELECT coalesce(max(id), 0) FROM {}", table)).getInt64();
  };
  return {newest("samples"), newest("events"), newest("instances")};
}

void DatabaseWriter::set_synchronous(bool full) {
  if (full == synchronous_full_) return;
  db_->exec(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  synchronous_full_ = full;
}

void DatabaseWriter::run(SQLite::Statement& statement) {
  try {
    statement.exec();
    statement.tryReset();
  } catch (const SQLite::Exception& error) {
    statement.tryReset();
    if (!is_about_the_row(error)) throw;
    ++rejected_rows_;
    last_rejection_ = error.what();
  }
}

void DatabaseWriter::write(const Batch& batch) {
  if (batch.empty()) return;
  set_synchronous(sync_next_ ||
                  std::any_of(batch.records.begin(), batch.records.end(), is_evidence));
  const std::uint64_t rejected_before = rejected_rows_;
  last_rejection_.clear();
  try {
    run(begin_);
    // A transaction that changes no page writes none, and so syncs nothing.
    if (sync_next_) db_->exec(fmt::format("PRAGMA user_version = {}", schema_version()));
    for (const Record& record : batch.records) write(record);
    for (const SampleRecord& sample : batch.samples) write(sample);
    run(commit_);
    sync_next_ = false;
  } catch (const SQLite::Exception&) {
    db_->tryExec("ROLLBACK");
    rejected_rows_ = rejected_before;
    throw;
  }
}

bool DatabaseWriter::checkpoint(const char* pragma) {
  SQLite::Statement checkpoint(*db_, pragma);
  checkpoint.executeStep();
  const int pages = checkpoint.getColumn(1).getInt();
  const int moved = checkpoint.getColumn(2).getInt();
  if (moved == pages) log_pages_ = 0;
  return moved == pages;
}

// The next transaction begins a log anew whose pages are all in the file, and syncs its head:
// better this one than a row's, or a slice's.
void DatabaseWriter::begin_log() {
  set_synchronous(false);
  db_->exec(fmt::format("PRAGMA user_version = {}", schema_version()));
}

// What a reader keeps from being moved is not synced either (sqlite3WalCheckpoint() syncs the log
// only where it moves pages): the next transaction does it.
void DatabaseWriter::checkpoint() {
  const bool has_rows = log_pages_ > 1;  // one is that of begin_log()
  if (!checkpoint("PRAGMA wal_checkpoint(PASSIVE)")) {
    sync_next_ = true;
  } else if (has_rows) {
    begin_log();
  }
}

bool DatabaseWriter::save_log() { return checkpoint("PRAGMA wal_checkpoint(PASSIVE)"); }

void DatabaseWriter::relieve_log() {
  if (checkpoint("PRAGMA wal_checkpoint(PASSIVE)")) begin_log();
}

void DatabaseWriter::shrink_log() {
  db_->setBusyTimeout(0);
  if (!checkpoint("PRAGMA wal_checkpoint(TRUNCATE)")) sync_next_ = true;
  db_->setBusyTimeout(kWriterBusyTimeoutMs);
}

std::int64_t DatabaseWriter::log_bytes() const {
  struct stat info {};
  return ::stat((path_ + "-wal").c_str(), &info) == 0 ? info.st_size : 0;
}

Retention::Slice DatabaseWriter::retain(const RetentionOptions& options, const ClockReading& now,
                                        const SliceLimit& limit) {
  set_synchronous(false);
  if (!retention_) retention_ = std::make_unique<Retention>(*db_, options);
  return retention_->work(now, limit);
}

void DatabaseWriter::write(const Record& record) {
  std::visit(
      [this](const auto& r) {
        using Kind = std::decay_t<decltype(r)>;
        if constexpr (std::is_same_v<Kind, std::unique_ptr<TransitionRecord>> ||
                      std::is_same_v<Kind, std::unique_ptr<DaemonStatsRecord>>) {
          write(*r);
        } else {
          write(r);
        }
      },
      record);
}

void DatabaseWriter::write(const TargetRecord& target) {
  ParameterCursor p(insert_target_);
  p.integer(target.id);
  p.text(target.name);
  p.text(target.spec);
  p.time(target.created);
  run(insert_target_);
}

void DatabaseWriter::write(const InstanceRecord& instance) { instances_.write(instance, run_); }

void DatabaseWriter::write(const InstanceEnd& end) { instances_.write(end, run_); }

void DatabaseWriter::write(const EventRecord& record) {
  const std::string kind(to_string(record.event.kind));
  ParameterCursor p(insert_event_);
  p.integer(record.id);
  p.time(record.event.time);
  p.text(kind);
  p.reference(record.event.target);
  p.reference(record.event.instance);
  p.text(record.event.detail);
  run(insert_event_);
}

void DatabaseWriter::write(const TransitionRecord& record) { alerts_.write(record, run_); }

void DatabaseWriter::write(const Capture& capture) {
  const CaptureTexts texts(capture);
  ParameterCursor p(insert_capture_);
  bind_capture(p, capture, texts);
  run(insert_capture_);
}

void DatabaseWriter::write(const CaptureRemoval& removal) {
  delete_capture_.bind(1, removal.id);
  run(delete_capture_);
}

void DatabaseWriter::write(const DaemonStatsRecord& record) {
  ParameterCursor p(insert_daemon_stats_);
  p.integer(record.id);
  p.time(record.stats.time);
  p.integer(record.stats.pid);
  for (const auto& figure : all_daemon_figures()) {
    const std::optional<double> value = record.stats.get(figure.id);
    if (!value) {
      p.null();
    } else if (figure.integral) {
      p.integer(static_cast<std::int64_t>(*value));
    } else {
      p.real(*value);
    }
  }
  run(insert_daemon_stats_);
  // By number and not by age, so that a wall clock that is set wrong takes nothing away.
  delete_daemon_stats_.bind(1, record.id - kKeptDaemonStats);
  run(delete_daemon_stats_);
}

void DatabaseWriter::write(const SampleRecord& sample) {
  ParameterCursor p(insert_sample_);
  p.integer(sample.id);
  bind_sample(p, sample.sample);
  run(insert_sample_);
}

}  // namespace soakwatch
