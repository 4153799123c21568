// A command that soakwatch starts itself, to watch it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "model/result.h"

namespace soakwatch {

// Owns the child: the destructor ends it. Its streams are ours.
class ChildProcess {
 public:
  // argv as it is, without a shell; looked up in PATH. Error kNotFound, kDenied, kIo.
  static Result<ChildProcess> start(const std::vector<std::string>& command);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Collects the exit status without waiting: "exited with status 0", "killed by signal 9"; nothing
  // while it runs.
  std::optional<std::string> ended();
  // SIGTERM, then SIGKILL after `patience`. Waits for the end.
  void terminate(std::chrono::milliseconds patience);

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
  std::optional<std::string> status_;
};

}  // namespace soakwatch
