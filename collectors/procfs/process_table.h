// A look at all processes, to find those that fit a target. One scan serves every target that is
// searched.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/process_id.h"
#include "model/result.h"
#include "model/target.h"

namespace soakwatch {

struct ProcessMatch {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;
  std::string comm;
};

class ProcessTable {
 public:
  // Scans proc_root once: pid, comm, start and state of each process (zombies left out). Arguments,
  // cgroups and sockets are read when a spec first asks for them, and kept.
  static Result<ProcessTable> scan(const std::filesystem::path& proc_root);
  ProcessTable(ProcessTable&&) noexcept;
  ProcessTable& operator=(ProcessTable&&) noexcept;
  ~ProcessTable();

  // Every process that fits, the one to watch first: the one that started first, then the lowest
  // pid. The observer itself (`self`, 0 for none) is never among them. Error kInvalid: the spec's
  // value is malformed, or its expression too costly. For ports also kNotFound and kDenied: the
  // tables in /proc/net are hidden from us.
  Result<std::vector<ProcessMatch>> find(const TargetSpec& spec, pid_t self);

 private:
  struct Impl;
  explicit ProcessTable(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace soakwatch
