// A real process to look at.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace soakwatch {

// Forks and runs `body(ready_fd)` in the child, which must write a byte to ready_fd, or close it by
// exec, when it is as the test wants it. The constructor returns then. Killed and reaped at the
// end.
class ChildProcess {
 public:
  template <class Body>
  explicit ChildProcess(const Body& body) {
    std::array<int, 2> ready{};
    if (pipe2(ready.data(), O_CLOEXEC) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      close(ready[0]);
      body(ready[1]);
      _exit(0);
    }
    close(ready[1]);
    char byte = 0;
    [[maybe_unused]] const ssize_t n = read(ready[0], &byte, 1);
    close(ready[0]);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() { kill_and_reap(); }

  [[nodiscard]] pid_t pid() const { return pid_; }

  // The child stays a zombie.
  void kill_only() const {
    kill(pid_, SIGKILL);
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }

  // The wait status.
  int wait() {
    int status = -1;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

  void kill_and_reap() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    wait();
  }

 private:
  pid_t pid_ = -1;
};

inline void say_ready(int fd) { [[maybe_unused]] const ssize_t n = write(fd, "x", 1); }

// A child that only waits to be killed.
inline void wait_for_ever(int ready_fd) {
  say_ready(ready_fd);
  while (true) pause();
}

}  // namespace soakwatch
