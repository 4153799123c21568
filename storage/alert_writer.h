// The rows of alerts and of their histories. Used by the writer's thread, within its transaction.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <functional>

#include "storage/record.h"

namespace soakwatch {

// Of one alert there are the first change and so many of the newest: one that stops growing and
// grows on, again and again, would fill the file with them.
inline constexpr std::int64_t kKeptAlertChanges = 1000;

class AlertWriter {
 public:
  // Throws SQLite::Exception.
  explicit AlertWriter(SQLite::Database& db);

  // What `run` throws. `run` executes a statement whose parameters are bound, and resets it.
  using Run = std::function<void(SQLite::Statement&)>;
  void write(const TransitionRecord& record, const Run& run);

 private:
  SQLite::Statement insert_alert_;
  SQLite::Statement insert_change_;
  SQLite::Statement delete_changes_;
};

}  // namespace soakwatch
