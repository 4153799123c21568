// The rows of process instances. Used by the writer's thread, within its transaction.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <functional>

#include "storage/record.h"

namespace soakwatch {

class InstanceWriter {
 public:
  // Throws SQLite::Exception.
  explicit InstanceWriter(SQLite::Database& db);

  // What `run` throws. `run` executes a statement whose parameters are bound, and resets it.
  using Run = std::function<void(SQLite::Statement&)>;
  void write(const InstanceRecord& instance, const Run& run);
  void write(const InstanceEnd& end, const Run& run);

 private:
  SQLite::Statement insert_;
  SQLite::Statement end_;
};

}  // namespace soakwatch
