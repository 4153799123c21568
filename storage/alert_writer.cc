#include "storage/alert_writer.h"

#include <fmt/format.h>

#include <string>

#include "storage/alert_row.h"
#include "storage/row_cursor.h"
#include "storage/statement_text.h"

namespace soakwatch {
namespace {

// At once, of a file in which there are many more: the rest goes with the next changes.
constexpr int kDeletedAtOnce = 50;

std::string insert_alert_sql() {
  return fmt::format(
      "INSERT INTO alerts (id, target_id, detector, metric, state, updated_ms, {0}) VALUES ({1}) "
      "ON CONFLICT(id) DO UPDATE SET {2}",
      kAlertFigureColumns, placeholders(6 + kAlertFigureCount),
      take_over("state, updated_ms, " + std::string(kAlertFigureColumns)));
}

std::string insert_change_sql() {
  return fmt::format(
      "INSERT INTO alert_history (id, alert_id, time_ms, from_state, to_state, reason, {}) VALUES "
      "({}) ON CONFLICT(id) DO NOTHING",
      kAlertFigureColumns, placeholders(6 + kAlertFigureCount));
}

// By number and not by age, so that it needs no clock. Where there are not so many, the last
// subquery is NULL.
constexpr const char* kDeleteChanges =
    "DELETE FROM alert_history WHERE id IN (SELECT id FROM alert_history WHERE alert_id = ?1"
    " AND id > (SELECT min(id) FROM alert_history WHERE alert_id = ?1)"
    " AND id <= (SELECT id FROM alert_history WHERE alert_id = ?1 ORDER BY id DESC"
    " LIMIT 1 OFFSET ?2) ORDER BY id LIMIT ?3)";

}  // namespace

AlertWriter::AlertWriter(SQLite::Database& db)
    : insert_alert_(db, insert_alert_sql()),
      insert_change_(db, insert_change_sql()),
      delete_changes_(db, kDeleteChanges) {}

void AlertWriter::write(const TransitionRecord& record, const Run& run) {
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

  ParameterCursor h(insert_change_);
  h.integer(record.id);
  h.integer(alert.id);
  h.time(transition.time);
  h.text(from);
  h.text(to);
  h.text(transition.reason);
  bind_alert_figures(h, alert, texts);
  run(insert_change_);

  ParameterCursor d(delete_changes_);
  d.integer(alert.id);
  d.integer(kKeptAlertChanges);
  d.integer(kDeletedAtOnce);
  run(delete_changes_);
}

}  // namespace soakwatch
