// Moves the oldest rows of an instance into the next tier. Used by the writer's thread, within its
// transaction.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "storage/retention_slice.h"
#include "storage/tier.h"

namespace soakwatch {

class Rollup {
 public:
  // Throws SQLite::Exception, as everything here does.
  explicit Rollup(SQLite::Database& db);

  // The first instance after `after` that has rows in the tier, with the time of its oldest one.
  struct Oldest {
    InstanceId instance = 0;
    std::int64_t time_ms = 0;
  };
  std::optional<Oldest> next_instance(Tier tier, InstanceId after);

  // Merges the oldest rows of an instance before `before_ms` into the next tier and deletes them;
  // those of hours are only deleted. About `limit_rows`, in whole buckets; one that takes longer
  // than the slice has is cut. Returns how many rows were taken; 0: there are none.
  int expire(Tier tier, InstanceId instance, std::int64_t before_ms, const SliceWork& work,
             int limit_rows);

 private:
  int expire_raw(InstanceId instance, std::int64_t before_ms, const SliceWork& work,
                 int limit_rows);
  int expire_minutes(InstanceId instance, std::int64_t before_ms, const SliceWork& work,
                     int limit_rows);
  int expire_hours(InstanceId instance, std::int64_t before_ms, int limit_rows);
  // To the open bucket; where the row belongs to another one, that is stored before.
  template <class Row>
  void add(Tier tier, std::int64_t time_ms, const Row& row, TierBucket& bucket);
  // Into the row that there is already, if there is.
  void store(Tier tier, TierBucket bucket);

  std::array<SQLite::Statement, 3> next_;
  SQLite::Statement raw_;
  SQLite::Statement delete_raw_;
  SQLite::Statement minutes_;
  SQLite::Statement delete_minutes_;
  SQLite::Statement delete_hours_;
  std::array<SQLite::Statement, 2> find_;  // of minutes, of hours
  std::array<SQLite::Statement, 2> store_;
};

}  // namespace soakwatch
