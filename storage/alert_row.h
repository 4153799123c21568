// An alert as columns: the part that `alerts` and `alert_history` have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/alert.h"
#include "storage/row_cursor.h"

namespace soakwatch {

// In the order of bind_alert_figures() and read_alert_figures().
inline constexpr std::string_view kAlertFigureColumns =
    "instance_id, pid, severity, base, current, slope_per_hour, slope_low, slope_high, since_ms, "
    "span_ms, gates, summary, pending_since_ms, fired_at_ms, resolved_at_ms, quiet_since_ms, "
    "grade, is_leak, cause, root, limit_name, limit_value, time_left_ms, ruled_out, "
    "alert_since_ms, told, culprits, probe";
inline constexpr int kAlertFigureCount = 28;

// For a WHERE of `alerts`. The second one is, word for word, that of the index alerts_over.
inline constexpr std::string_view kAlertIsOpen = "state IN ('pending', 'firing', 'plateau')";
inline constexpr std::string_view kAlertIsOver = "state NOT IN ('pending', 'firing', 'plateau')";

// What an alert is stored as besides its own texts.
struct AlertTexts {
  explicit AlertTexts(const Finding& finding);
  std::string severity;
  std::string grade;
  std::string gates;
  std::string ruled_out;
  std::string culprits;
};

// `alert` and `texts` must live until the statement has run.
void bind_alert_figures(ParameterCursor& parameters, const Alert& alert, const AlertTexts& texts);
void read_alert_figures(ColumnCursor& columns, Alert& alert);

// SELECT of whole alerts from `alerts a`, for read_alert(): the state and its time are taken from
// the columns `state`, the figures from the table `figures_of` ("a."), and `more` columns stand
// behind them.
std::string alert_select(std::string_view state, std::string_view figures_of,
                         std::string_view more);
Alert read_alert(ColumnCursor& columns);

// [{"name": ..., "passed": ..., "measured": ..., "threshold": ..., "meaning": ...}]; a number that
// is not finite is null. What is not of this form reads as no gates.
std::string gates_to_json(const std::vector<Gate>& gates);
std::vector<Gate> gates_from_json(std::string_view json);
// ["...", "..."]; what is not of this form reads as none.
std::string texts_to_json(const std::vector<std::string>& texts);
std::vector<std::string> texts_from_json(std::string_view json);
// [{"kind": ..., "name": ..., "location": ..., "state": ..., "unit": "bytes", "before": ...,
// "now": ..., "share": ..., "stack": ["..."]}]. The first ten culprits, with the innermost 64 lines
// of each stack; texts are made printable and cut at 300 bytes. What is not of this form reads as
// none, and so does a kind that this program does not know.
std::string culprits_to_json(const std::vector<Culprit>& culprits);
std::vector<Culprit> culprits_from_json(std::string_view json);

}  // namespace soakwatch
