// The command of a soak: started in a session and a terminal of its own, its output kept, its
// processes found, all of them ended with the soak.
#pragma once

#include <sys/types.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/soak/command_log.h"
#include "cli/soak/process_family.h"
#include "daemon/child_process.h"
#include "model/result.h"

namespace soakwatch {

struct CommandOptions {
  std::vector<std::string> command;
  // A terminal that nobody sees: what draws on the screen needs one, and a soak by night or in CI
  // has none to give. false: a pipe for its output, and nothing to read.
  bool terminal = true;
  std::filesystem::path log;
  std::filesystem::path proc_root = "/proc";
};

// On the loop's thread. The destructor ends the process that was started.
class CommandRun {
 public:
  // Makes the program the subreaper of what it starts. Errors are for a person.
  static Result<std::unique_ptr<CommandRun>> start(boost::asio::io_context& context,
                                                   CommandOptions options);
  ~CommandRun();
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  // The process to watch. Error kNotFound: the command is over; kUnavailable: it has none now.
  Result<pid_t> process();
  // How the command ended: "exited with status 0"; nothing while it runs.
  std::optional<std::string> ended() { return child_.ended(); }
  [[nodiscard]] std::optional<int> wait_status() const { return child_.wait_status(); }
  [[nodiscard]] std::chrono::steady_clock::time_point started() const { return started_; }
  [[nodiscard]] const CommandLog& log() const { return log_; }

  // SIGTERM to every process of the command, and SIGKILL to those that are left after `grace`.
  // True: all ended before. What they print meanwhile is kept.
  boost::asio::awaitable<bool> terminate(std::chrono::milliseconds grace);
  // SIGKILL to every process of it, without waiting.
  void kill_all();

 private:
  CommandRun(boost::asio::io_context& context, CommandOptions options, ChildProcess child,
             int output);
  std::vector<FamilyProcess> family() const;
  // Sends the signal to those that run; false: there are none.
  bool signal_all(int signal);
  void read_output();

  boost::asio::io_context& context_;
  CommandOptions options_;
  ChildProcess child_;
  std::chrono::steady_clock::time_point started_;
  FamilyRoots roots_;
  CommandLog log_;
  boost::asio::posix::stream_descriptor output_;
  std::array<char, 16384> buffer_{};
};

}  // namespace soakwatch
