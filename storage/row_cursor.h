// Parameters and columns in order, so that a statement and its code read alike.
#pragma once

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "model/sample.h"

namespace soakwatch {

// 2^63, the first double that an INTEGER column cannot hold.
inline constexpr double kInt64End = 9223372036854775808.0;

// Binds ?1, ?2, ... The text must live until the statement has run.
class ParameterCursor {
 public:
  explicit ParameterCursor(SQLite::Statement& statement) : statement_(statement) {}
  void integer(std::int64_t value) { statement_.bind(++index_, value); }
  void real(double value) {
    if (std::isfinite(value)) {
      statement_.bind(++index_, value);
    } else {
      null();
    }
  }
  void text(const std::string& value) { statement_.bindNoCopy(++index_, value); }
  void time(WallTime value) { integer(to_unix_ms(value)); }
  void time(const std::optional<WallTime>& value) { value ? time(*value) : null(); }
  // A row id; 0 is none.
  void reference(std::int64_t id) { id != 0 ? integer(id) : null(); }
  void null() { statement_.bind(++index_); }

 private:
  SQLite::Statement& statement_;
  int index_ = 0;
};

// Reads columns 0, 1, ... of the current row.
class ColumnCursor {
 public:
  explicit ColumnCursor(SQLite::Statement& statement, int first = 0)
      : statement_(statement), index_(first) {}
  std::int64_t integer() { return statement_.getColumn(index_++).getInt64(); }  // NULL: 0
  double real() {
    const SQLite::Column column = statement_.getColumn(index_++);
    return column.isNull() ? std::numeric_limits<double>::quiet_NaN() : column.getDouble();
  }
  std::optional<double> optional_real() {
    const double value = real();
    return std::isnan(value) ? std::nullopt : std::optional(value);
  }
  std::string text() { return statement_.getColumn(index_++).getString(); }
  WallTime time() { return from_unix_ms(integer()); }
  std::optional<WallTime> optional_time() {
    const SQLite::Column column = statement_.getColumn(index_++);
    if (column.isNull()) return std::nullopt;
    return from_unix_ms(column.getInt64());
  }

 private:
  SQLite::Statement& statement_;
  int index_;
};

// One value as its column takes it: what is missing, is no number or does not fit becomes NULL.
void bind_value(ParameterCursor& parameters, Metric metric, std::optional<double> value);

// The columns of one sample after its id: instance_id, time_ms, monotonic_ms, every metric.
void bind_sample(ParameterCursor& parameters, const Sample& sample);
Sample read_sample(ColumnCursor& columns);

}  // namespace soakwatch
