// A command that soakwatch starts itself, to watch it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "model/result.h"

namespace soakwatch {

// Where a child's standard streams go, and whether it has a session of its own: then it leads its
// process group, and the signals of our terminal do not reach it.
struct ChildStreams {
  int in = -1;  // descriptors that become the child's; -1: ours
  int out = -1;
  int err = -1;
  bool own_session = false;
  std::string terminal;  // path of a terminal that becomes all three, and the session's; or empty
};

// Owns the child: the destructor ends it.
class ChildProcess {
 public:
  // argv as it is, without a shell; looked up in PATH. Error kNotFound, kDenied, kIo.
  static Result<ChildProcess> start(const std::vector<std::string>& command,
                                    const ChildStreams& streams = {});
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Collects the exit status without waiting: "exited with status 0", "killed by signal 9"; nothing
  // while it runs.
  std::optional<std::string> ended();
  // As waitpid(2) tells it; nothing before ended() has said so.
  [[nodiscard]] std::optional<int> wait_status() const { return wait_status_; }
  // SIGTERM, where it runs. Does not wait.
  void ask_to_end();
  // SIGTERM, then SIGKILL after `patience`. Waits for the end.
  void terminate(std::chrono::milliseconds patience);

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  void take(int status);

  pid_t pid_ = -1;
  std::optional<std::string> status_;
  std::optional<int> wait_status_;
};

}  // namespace soakwatch
