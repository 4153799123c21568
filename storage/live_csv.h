// A wide CSV that grows beside the database, for those who like `tail -f`. The database is what
// counts: a failure here costs lines of the CSV and nothing else. Used by the writer's thread.
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <unordered_map>

#include "model/result.h"
#include "storage/csv_export.h"
#include "storage/record.h"

namespace soakwatch {

class LiveCsv {
 public:
  explicit LiveCsv(std::filesystem::path file);
  ~LiveCsv();
  LiveCsv(const LiveCsv&) = delete;
  LiveCsv& operator=(const LiveCsv&) = delete;

  // Appends the samples of a committed batch. A file with another header is moved aside first, and
  // a line that a kill cut short is removed.
  Result<void> append(const Batch& batch);

 private:
  void learn(const Record& record);
  void forget_later(InstanceId instance);
  std::string rows_of(const Batch& batch) const;
  Result<void> open();
  Result<void> prepare(int fd, bool& other_header) const;
  void close_file();

  std::filesystem::path file_;
  CsvWriter writer_;
  int fd_ = -1;
  std::unordered_map<TargetId, TargetRow> targets_;
  struct Instance {
    InstanceRow row{};
    bool ended = false;
  };
  std::unordered_map<InstanceId, Instance> instances_;  // those that run, and the newest that ended
  std::deque<InstanceId> ended_;                        // in the order of their ends
};

}  // namespace soakwatch
