// A hook as a shell script, and a named pipe by which a test sees it live and die.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "example_alerts.h"

namespace soakwatch {

// Writes `text` to a file and gives the argv that runs it with `argument` as $1.
inline std::vector<std::string> hook_script(const TemporaryFolder& folder, const std::string& text,
                                            const std::filesystem::path& argument) {
  const auto script = folder.path() / "hook.sh";
  std::ofstream(script) << text;
  return {"/bin/sh", script.string(), argument.string()};
}

// A script that says "started" in the pipe $1 and then hangs, with a child that hangs as well; both
// hold the pipe open.
inline const std::string kHangs = "exec 3>\"$1\"; echo started >&3; sleep 60 & sleep 60; wait\n";
// The same, and neither obeys SIGTERM.
inline const std::string kHangsForGood = "trap '' TERM; " + kHangs;

class LifePipe {
 public:
  explicit LifePipe(const TemporaryFolder& folder) : path_(folder.path() / "life") {
    if (::mkfifo(path_.c_str(), 0600) != 0) throw std::runtime_error("mkfifo");
    fd_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ~LifePipe() { ::close(fd_); }
  LifePipe(const LifePipe&) = delete;
  LifePipe& operator=(const LifePipe&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // Waits until somebody has written; false after 20 s.
  bool wait_for_start() {
    pollfd life{fd_, POLLIN, 0};
    return ::poll(&life, 1, kLimitMs) > 0 && read_some() > 0;
  }

  // Waits until nobody holds the pipe open for writing; false after 20 s. Tells in `started`
  // whether anybody ever wrote.
  bool wait_for_end(bool& started) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLimitMs);
    while (std::chrono::steady_clock::now() < limit) {
      const ssize_t n = read_some();
      if (n == 0) return true;  // end of file: no writer
      if (n > 0) {
        started = true;
        continue;
      }
      pollfd life{fd_, POLLIN, 0};
      ::poll(&life, 1, 100);
    }
    return false;
  }

 private:
  static constexpr int kLimitMs = 20000;
  ssize_t read_some() {
    std::array<char, 64> text{};
    return ::read(fd_, text.data(), text.size());
  }
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace soakwatch
