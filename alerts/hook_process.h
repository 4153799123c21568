// One run of a user's command, which may hang, fail, or never read its input.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "model/result.h"

namespace soakwatch {

struct HookProcess {
  std::vector<std::string> argv;         // argv[0] is looked up in the PATH of this process
  std::vector<std::string> environment;  // "NAME=value"; nothing else is inherited
  std::string input;                     // what it may read on stdin
  std::chrono::milliseconds timeout{0};
  int stop_fd = -1;  // readable: the command is killed at once. Not owned; -1: none
};

// Runs the command to its end, in its own process group, with no other descriptor than stdin and
// with stdout and stderr to /dev/null; signals are unblocked and at their defaults. At the time-out
// the group gets SIGTERM, and SIGKILL once its leader ended or 500 ms later. Processes that the
// command leaves behind after an ordinary end are its own business.
// Blocks for at most timeout + 2.5 s. The caller's process must not wait for children it does not
// know (waitpid(-1), SIGCHLD ignored), else the status is lost, which is an error.
// Errors: kNotFound and kDenied (cannot be started), kTimeout, kUnavailable (stop_fd), kIo.
Result<void> run_to_end(HookProcess hook);

}  // namespace soakwatch
