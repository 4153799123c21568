// Captures of a process while it was healthy: what a growth is compared with.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "model/capture.h"
#include "model/result.h"

namespace soakwatch {

struct Baseline {
  Capture capture;
  std::string bytes;  // where there is no store
};

// A few of each kind: the first, which shows the process when it was youngest, and the newest ones,
// which show what was normal lately.
class Baselines {
 public:
  // Of those that lie in memory it keeps fewer.
  explicit Baselines(bool in_memory);

  // In order of their time.
  void add(Baseline baseline);
  // The newest from before the growth; where there is none, the oldest, which shows part of it.
  // Null where there is none at all. Until the next add().
  [[nodiscard]] const Baseline* before(CaptureKind kind, WallTime since) const;

 private:
  std::size_t limit_;                                     // of one kind
  std::map<CaptureKind, std::vector<Baseline>> by_kind_;  // the oldest first
};

// Captures that the store has of the program that the instance runs now, newest first.
Result<std::vector<Capture>> captures_of_program(const std::filesystem::path& database,
                                                 InstanceId instance);

}  // namespace soakwatch
