#include "storage/database_writer.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "storage/alert_row.h"
#include "storage/capture_row.h"
#include "storage/database_file.h"
#include "storage/schema.h"

namespace soakwatch {
namespace {

std::string placeholders(int count) {
  std::string text = "?";
  for (int i = 1; i < count; ++i) text += ", ?";
  return text;
}

// "a = excluded.a, b = excluded.b" for each column of a list.
std::string take_over(std::string_view columns) {
  std::string text;
  while (!columns.empty()) {
    const std::size_t comma = std::min(columns.find(", "), columns.size());
    const std::string_view column = columns.substr(0, comma);
    text += fmt::format("{}{} = excluded.{}", text.empty() ? "" : ", ", column, column);
    columns.remove_prefix(std::min(comma + 2, columns.size()));
  }
  return text;
}

// Row ids are given out before, so that a batch whose COMMIT failed halfway can be written again
// without doubling a row: ON CONFLICT(id).
std::string insert_instance_sql() {
  return "INSERT INTO instances (id, target_id, boot_id, pid, start_ticks, comm, exe, cmdline, "
         "gogc, gomemlimit, max_open_files, memory_max_bytes, max_tasks, first_seen_ms) VALUES (" +
         placeholders(14) + ") ON CONFLICT(id) DO UPDATE SET " +
         take_over(
             "comm, exe, cmdline, gogc, gomemlimit, max_open_files, memory_max_bytes, max_tasks") +
         ", ended_ms = NULL, end_reason = NULL";
}

std::string insert_alert_sql() {
  return fmt::format(
      "INSERT INTO alerts (id, target_id, detector, metric, state, updated_ms, {0}) VALUES ({1}) "
      "ON CONFLICT(id) DO UPDATE SET {2}",
      kAlertFigureColumns, placeholders(6 + kAlertFigureCount),
      take_over("state, updated_ms, " + std::string(kAlertFigureColumns)));
}

std::string insert_history_sql() {
  return fmt::format(
      "INSERT INTO alert_history (id, alert_id, time_ms, from_state, to_state, reason, {}) VALUES "
      "({}) ON CONFLICT(id) DO NOTHING",
      kAlertFigureColumns, placeholders(6 + kAlertFigureCount));
}

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

// What a power cut must not take: changes of an alert, and captures, whose files are synced too.
bool is_evidence(const Record& record) {
  const auto* transition = std::get_if<std::unique_ptr<TransitionRecord>>(&record);
  return std::holds_alternative<Capture>(record) ||
         (transition != nullptr && (*transition)->id != 0);
}

bool is_about_the_row(const SQLite::Exception& error) {
  const int code = error.getErrorCode();
  return code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH || code == SQLITE_TOOBIG ||
         code == SQLITE_RANGE;
}

}  // namespace

DatabaseWriter::DatabaseWriter(std::unique_ptr<SQLite::Database> connection)
    : db_(std::move(connection)),
      path_(db_->getFilename()),
      begin_(*db_, "BEGIN IMMEDIATE"),
      commit_(*db_, "COMMIT"),
      insert_target_(*db_,
                     "INSERT INTO targets (id, name, spec, created_ms) VALUES (?, ?, ?, ?) "
                     "ON CONFLICT(id) DO UPDATE SET spec = excluded.spec"),
      insert_instance_(*db_, insert_instance_sql()),
      end_instance_(*db_, "UPDATE instances SET ended_ms = ?, end_reason = ? WHERE id = ?"),
      insert_event_(*db_,
                    "INSERT INTO events (id, time_ms, kind, target_id, instance_id, detail) "
                    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING"),
      insert_alert_(*db_, insert_alert_sql()),
      insert_history_(*db_, insert_history_sql()),
      insert_capture_(*db_, insert_capture_sql()),
      delete_capture_(*db_, "DELETE FROM captures WHERE id = ?"),
      insert_sample_(*db_, insert_sample_sql()) {
  // Preparing the statements has opened the log.
  database_id_ = file_id(path_);
  wal_id_ = file_id(path_ + "-wal");
  shm_id_ = file_id(path_ + "-shm");
}

DatabaseWriter::FileId DatabaseWriter::file_id(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

bool DatabaseWriter::files_in_place() const {
  return file_id(path_) == database_id_ && file_id(path_ + "-wal") == wal_id_ &&
         file_id(path_ + "-shm") == shm_id_;
}

std::int64_t DatabaseWriter::newest_sample() const {
  return db_->execAndGet("SELECT coalesce(max(id), 0) FROM samples").getInt64();
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

void DatabaseWriter::checkpoint(const char* pragma) {
  SQLite::Statement checkpoint(*db_, pragma);
  checkpoint.executeStep();
  // What a reader keeps from being moved is not synced either (sqlite3WalCheckpoint() syncs the log
  // only where it moves pages): the next transaction does it.
  const int pages = checkpoint.getColumn(1).getInt();
  const int moved = checkpoint.getColumn(2).getInt();
  if (moved < pages) sync_next_ = true;
}

void DatabaseWriter::checkpoint() { checkpoint("PRAGMA wal_checkpoint(PASSIVE)"); }

void DatabaseWriter::shrink_log() {
  db_->setBusyTimeout(0);
  checkpoint("PRAGMA wal_checkpoint(TRUNCATE)");
  db_->setBusyTimeout(kWriterBusyTimeoutMs);
}

std::int64_t DatabaseWriter::log_bytes() const {
  struct stat info {};
  return ::stat((path_ + "-wal").c_str(), &info) == 0 ? info.st_size : 0;
}

Retention::Slice DatabaseWriter::retain(const RetentionOptions& options, WallTime now,
                                        int limit_units) {
  set_synchronous(false);
  if (!retention_) retention_ = std::make_unique<Retention>(*db_, options);
  return retention_->work(now, limit_units);
}

void DatabaseWriter::write(const Record& record) {
  std::visit(
      [this](const auto& r) {
        if constexpr (std::is_same_v<std::decay_t<decltype(r)>,
                                     std::unique_ptr<TransitionRecord>>) {
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

void DatabaseWriter::write(const InstanceRecord& instance) {
  const ProcessInfo& process = instance.process;
  ParameterCursor p(insert_instance_);
  p.integer(instance.id);
  p.integer(instance.target);
  p.text(process.id.boot_id);
  p.integer(process.id.pid);
  p.integer(static_cast<std::int64_t>(process.id.start_ticks));
  p.text(process.comm);
  p.text(process.exe);
  p.text(process.cmdline);
  if (process.gogc_off) {
    p.real(-1);  // as the Go runtime takes it: a negative GOGC is "off"
  } else {
    process.gogc_percent ? p.real(*process.gogc_percent) : p.null();
  }
  for (const auto& limit : {process.gomemlimit_bytes, process.limits.open_files,
                            process.limits.memory_bytes, process.limits.tasks}) {
    constexpr double kInt64End = 9223372036854775808.0;
    const double value = limit.value_or(-1);
    value >= 0 && value < kInt64End ? p.integer(static_cast<std::int64_t>(value)) : p.null();
  }
  p.time(instance.first_seen);
  run(insert_instance_);
}

void DatabaseWriter::write(const InstanceEnd& end) {
  ParameterCursor p(end_instance_);
  p.time(end.time);
  p.text(end.reason);
  p.integer(end.instance);
  run(end_instance_);
}

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

void DatabaseWriter::write(const TransitionRecord& record) {
  const AlertTransition& transition = record.transition;
  const Alert& alert = transition.alert;
  const std::string metric(describe(alert.finding.metric).name);
  const std::string from(to_string(transition.from));
  const std::string to(to_string(alert.state));
  const AlertTexts texts(alert.finding);

  ParameterCursor p(insert_alert_);
  p.integer(alert.id);
  p.integer(alert.target);
  p.text(alert.finding.detector);
  p.text(metric);
  p.text(to);
  p.time(transition.time);
  bind_alert_figures(p, alert, texts);
  run(insert_alert_);
  if (record.id == 0) return;

  ParameterCursor h(insert_history_);
  h.integer(record.id);
  h.integer(alert.id);
  h.time(transition.time);
  h.text(from);
  h.text(to);
  h.text(transition.reason);
  bind_alert_figures(h, alert, texts);
  run(insert_history_);
}

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

void DatabaseWriter::write(const SampleRecord& sample) {
  ParameterCursor p(insert_sample_);
  p.integer(sample.id);
  bind_sample(p, sample.sample);
  run(insert_sample_);
}

}  // namespace soakwatch
