// The process of a target: found by a search, started by us, or named by whoever started it.
#pragma once

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collectors/procfs/process_reader.h"
#include "daemon/child_process.h"
#include "daemon/process_search.h"
#include "model/result.h"
#include "model/target.h"

namespace soakwatch {

// Says which process of a command to watch, where the command was started by somebody else. Error
// kNotFound: the command is over, for the reason given; kUnavailable: there is none at the moment.
using CommandProcess = std::function<Result<pid_t>()>;

// On the thread of the loop.
class TargetProcess {
 public:
  struct Parts {
    ProcessSearch* search = nullptr;
    std::filesystem::path proc_root = "/proc";
    std::string boot_id;
    CommandProcess command_process{};               // of a command that is not ours; empty: it is
    std::function<void(std::string)> on_ambiguity;  // which of several is taken
  };
  // `parts.search` must outlive it.
  TargetProcess(Parts parts, TargetSpec spec);

  // A command that we start, and end.
  [[nodiscard]] bool is_our_command() const;
  // Starts it, where it does not run already.
  Result<void> start_command();
  // One that runs already, in place of starting it.
  void adopt(ChildProcess child) { child_.emplace(std::move(child)); }
  // What was started or adopted and still runs; nothing where there is none.
  std::optional<ChildProcess> take_child();
  [[nodiscard]] bool has_child() const { return child_.has_value(); }

  // One try. kNotFound: nothing fits. Any other error may pass.
  boost::asio::awaitable<Result<ProcessReader>> open();
  // Why it ended. A child that runs still is told to end, and waited for, beside all else that the
  // loop does.
  boost::asio::awaitable<std::string> end_reason();

 private:
  boost::asio::awaitable<Result<ProcessReader>> open_child();
  Result<ProcessReader> open_process_of_command();
  boost::asio::awaitable<Result<ProcessReader>> search();
  void report_ambiguity(const std::vector<ProcessMatch>& matches) const;

  Parts parts_;
  TargetSpec spec_;
  std::optional<ChildProcess> child_;
};

}  // namespace soakwatch
