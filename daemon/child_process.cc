#include "daemon/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

extern char** environ;

namespace soakwatch {
namespace {

std::string describe_status(int status) {
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  return "exited with status " + std::to_string(WEXITSTATUS(status));
}

// The child starts with the signals a program expects, whatever we have blocked or ignored.
class SpawnAttributes {
 public:
  explicit SpawnAttributes(bool own_session) {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    const int session = own_session ? POSIX_SPAWN_SETSID : 0;
    const int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | session;
    posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

// What the child opens and takes over, after its session is made.
class SpawnFiles {
 public:
  explicit SpawnFiles(const ChildStreams& streams) {
    posix_spawn_file_actions_init(&actions_);
    const std::array<int, 3> given{streams.in, streams.out, streams.err};
    for (int fd = 0; fd < static_cast<int>(given.size()); ++fd) {
      const int from = given[static_cast<std::size_t>(fd)];
      if (!streams.terminal.empty()) {
        // The first terminal that the leader of a session opens becomes the session's: tty(4).
        posix_spawn_file_actions_addopen(&actions_, fd, streams.terminal.c_str(), O_RDWR, 0);
      } else if (from >= 0) {
        posix_spawn_file_actions_adddup2(&actions_, from, fd);
      }
    }
  }
  ~SpawnFiles() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnFiles(const SpawnFiles&) = delete;
  SpawnFiles& operator=(const SpawnFiles&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& command,
                                         const ChildStreams& streams) {
  if (command.empty()) return invalid("no command to start");
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const SpawnAttributes attributes(streams.own_session || !streams.terminal.empty());
  const SpawnFiles files(streams);
  pid_t pid = -1;
  const int error =
      posix_spawnp(&pid, argv[0], files.get(), attributes.get(), argv.data(), environ);
  if (error == 0) return ChildProcess(pid);
  const ErrorKind kind = error == ENOENT   ? ErrorKind::kNotFound
                         : error == EACCES ? ErrorKind::kDenied
                                           : ErrorKind::kIo;
  return Error{kind, "cannot start '" + command[0] + "': " + std::strerror(error)};
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      status_(std::move(other.status_)),
      wait_status_(other.wait_status_) {}

ChildProcess::~ChildProcess() {
  if (pid_ > 0 && !status_) terminate(std::chrono::seconds(2));
}

std::optional<std::string> ChildProcess::ended() {
  if (status_) return status_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) take(status);
  return status_;
}

void ChildProcess::take(int status) {
  status_ = describe_status(status);
  wait_status_ = status;
}

void ChildProcess::ask_to_end() {
  if (!ended()) kill(pid_, SIGTERM);
}

void ChildProcess::terminate(std::chrono::milliseconds patience) {
  if (ended()) return;
  ask_to_end();
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd >= 0) {
    pollfd wait{pidfd, POLLIN, 0};
    poll(&wait, 1, static_cast<int>(patience.count()));
    close(pidfd);
  }
  if (ended()) return;
  kill(pid_, SIGKILL);
  int status = 0;
  if (waitpid(pid_, &status, 0) == pid_) take(status);
}

}  // namespace soakwatch
