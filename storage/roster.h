// The rows that other rows need: what a new file begins with where the old one broke.
#pragma once

#include <map>
#include <string>

#include "model/result.h"
#include "storage/record.h"

namespace soakwatch {

// Targets, instances that have not ended, and open alerts, as they are committed. Not thread-safe:
// the writer's own.
class Roster {
 public:
  // As the file has them. Errors: those of SampleReader.
  static Result<Roster> read(const std::filesystem::path& database);
  // What a batch that was committed changes.
  void note(const Batch& batch);
  // All of it, with the ids that were given out.
  [[nodiscard]] Batch rows() const;

 private:
  void note(const TargetRecord& target);
  void note(const InstanceRecord& instance);
  void note(const InstanceEnd& end);
  void note(const AlertTransition& transition);

  std::map<TargetId, TargetRecord> targets_;
  std::map<InstanceId, InstanceRecord> instances_;
  std::map<AlertId, AlertTransition> alerts_;
};

}  // namespace soakwatch
