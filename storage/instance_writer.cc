#include "storage/instance_writer.h"

#include <string>

#include "storage/row_cursor.h"
#include "storage/statement_text.h"

namespace soakwatch {
namespace {

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

}  // namespace

InstanceWriter::InstanceWriter(SQLite::Database& db)
    : insert_(db, insert_instance_sql()),
      end_(db, "UPDATE instances SET ended_ms = ?, end_reason = ? WHERE id = ?") {}

void InstanceWriter::write(const InstanceRecord& instance, const Run& run) {
  const ProcessInfo& process = instance.process;
  ParameterCursor p(insert_);
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
    const double value = limit.value_or(-1);
    value >= 0 && value < kInt64End ? p.integer(static_cast<std::int64_t>(value)) : p.null();
  }
  p.time(instance.first_seen);
  run(insert_);
}

void InstanceWriter::write(const InstanceEnd& end, const Run& run) {
  ParameterCursor p(end_);
  p.time(end.time);
  p.text(end.reason);
  p.integer(end.instance);
  run(end_);
}

}  // namespace soakwatch
