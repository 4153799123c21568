// Old events, and alerts that are over, with their histories.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>

#include "storage/retention_slice.h"

namespace soakwatch {

// Used by the writer's thread, within its transaction. Throws SQLite::Exception.
class HistoryExpiry {
 public:
  // `limit_alerts`: of those that are over.
  HistoryExpiry(SQLite::Database& db, std::int64_t limit_alerts)
      : db_(db), limit_alerts_(limit_alerts) {}

  void begin_events();
  // Some events before `expiry_ms`; those of processes that run or have an open alert stay. False:
  // that was the last.
  bool step_events(std::int64_t expiry_ms, SliceWork& work);

  void begin_alerts();
  // Some rows of the oldest alert that is over and must go: closed before `expiry_ms`, or beyond
  // the limit. An open alert never goes, and the newest one stays in any case, so that its id is
  // not given out again after a restart. False: that was the last.
  bool step_alerts(std::int64_t expiry_ms, SliceWork& work);

 private:
  SQLite::Database& db_;
  std::int64_t limit_alerts_;
  std::int64_t event_time_ms_ = 0;  // the last event that was looked at
  std::int64_t event_ = 0;
  std::int64_t surplus_alerts_ = 0;
};

}  // namespace soakwatch
