// The inside of SampleReader, whose methods are spread over three files: sample_reader.cc,
// sample_walk.cc and history_reader.cc.
#pragma once

#include <SQLiteCpp/Database.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/database_file.h"
#include "storage/sample_pages.h"
#include "storage/sample_reader.h"

namespace soakwatch {

struct SampleReader::Impl {
  Impl(std::filesystem::path file, std::unique_ptr<SQLite::Database> connection)
      : database(std::move(file)), db(std::move(connection)), pages(*db) {}

  std::filesystem::path database;
  std::unique_ptr<SQLite::Database> db;
  SamplePages pages;

  // Runs `body`, and turns what SQLite throws into an Error.
  template <class Body>
  auto guarded(Body body) -> decltype(body()) {
    try {
      return body();
    } catch (const SQLite::Exception& error) {
      return sqlite_error(database, error);
    }
  }

  std::vector<TargetRow> targets();
  std::vector<InstanceRow> instances(std::optional<TargetId> target);
  // The target of that name, or all. Error kNotFound: none has it.
  Result<std::vector<TargetRow>> targets_of(const std::optional<std::string>& name);
  std::vector<InstanceRow> instances_of(const SampleQuery& query, TargetId target);
  using Counter = std::int64_t (SamplePages::*)(InstanceId, const TimeRange&);
  Result<std::int64_t> sum(const SampleQuery& query, Counter counter);
  // Merges the instances of a target by time. False: `row` wants no more.
  bool walk(const TargetRow& target, const std::vector<InstanceRow>& instances,
            const TimeRange& range, std::int64_t newest_row,
            const std::function<bool(const SampleRow&)>& row);
  // One instance in order of arrival.
  bool replay(const TargetRow& target, const InstanceRow& instance, const TimeRange& range,
              std::int64_t newest_row, const std::function<bool(const SampleRow&)>& row);
};

}  // namespace soakwatch
