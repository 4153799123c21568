// Process instances that are worth nothing any more: those of which nothing is left, and the
// shortest-lived of a crowd.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>

#include "storage/retention_slice.h"

namespace soakwatch {

// Used by the writer's thread, within its transaction. Throws SQLite::Exception. None that has an
// alert or a capture goes.
class InstanceExpiry {
 public:
  InstanceExpiry(SQLite::Database& db, std::int64_t limit_instances)
      : db_(db), limit_instances_(limit_instances) {}

  void begin_orphans() { cursor_ = 0; }
  // Some of those that ended before `expiry_ms` and have no row in any tier. False: all were looked
  // at.
  bool step_orphans(std::int64_t expiry_ms, SliceWork& work);

  void begin_crowd();
  // Where there are more than the limit, some of the oldest that lived for less than an hour, with
  // all their rows: without one they would be of no use to anybody. False: done.
  bool step_crowd(SliceWork& work);

 private:
  // Deletes some rows of an instance, and the instance after its last row; true: done.
  bool remove(InstanceId instance, SliceWork& work);

  SQLite::Database& db_;
  std::int64_t limit_instances_;
  InstanceId cursor_ = 0;  // the last one that was looked at
  std::int64_t surplus_ = 0;
};

}  // namespace soakwatch
