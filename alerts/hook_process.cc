#include "alerts/hook_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>

#include "alerts/file_descriptor.h"
#include "model/timestamp.h"

namespace soakwatch {
namespace {

using Clock = std::chrono::steady_clock;

constexpr milliseconds kTermGrace{500};
// SIGKILL works at once, unless the process hangs in the kernel: then it is given up.
constexpr milliseconds kKillGrace{2000};

Error system_error(std::string_view what, int code) {
  ErrorKind kind = ErrorKind::kIo;
  if (code == ENOENT) kind = ErrorKind::kNotFound;
  if (code == EACCES || code == EPERM) kind = ErrorKind::kDenied;
  return {kind, fmt::format("{}: {}", what, std::generic_category().message(code))};
}

// The input as a file in memory. A pipe would need somebody to write to it while the command runs,
// and raise SIGPIPE where the command does not read.
Result<FileDescriptor> input_file(std::string_view text) {
  // MFD_NOEXEC_SEAL of Linux 6.3: hardened kernels insist on it, older ones do not know it
  // (EINVAL).
  constexpr unsigned kNoExecSeal = 0x8U;
  FileDescriptor file(::memfd_create("soakwatch-alert", MFD_CLOEXEC | kNoExecSeal));
  if (!file.valid() && errno == EINVAL) {
    file = FileDescriptor(::memfd_create("soakwatch-alert", MFD_CLOEXEC));
  }
  if (!file.valid()) return system_error("cannot make its input", errno);
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return system_error("cannot write its input", errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return system_error("cannot write its input", errno);
  return file;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// The attributes of posix_spawn, with the first error among the calls that set them.
class SpawnSetup {
 public:
  explicit SpawnSetup(int stdin_fd) {
    keep(::posix_spawn_file_actions_init(&actions_));
    keep(::posix_spawnattr_init(&attributes_));
    keep(::posix_spawn_file_actions_adddup2(&actions_, stdin_fd, STDIN_FILENO));
    keep(::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0));
    keep(::posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO));
    keep(::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1));
    sigset_t signals;
    ::sigfillset(&signals);
    keep(::posix_spawnattr_setsigdefault(&attributes_, &signals));
    ::sigemptyset(&signals);
    keep(::posix_spawnattr_setsigmask(&attributes_, &signals));
    keep(::posix_spawnattr_setpgroup(&attributes_, 0));
    constexpr int kFlags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP;
    keep(::posix_spawnattr_setflags(&attributes_, static_cast<short>(kFlags)));
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }

  Result<pid_t> spawn(std::vector<std::string>& argv, std::vector<std::string>& environment) {
    pid_t pid = 0;
    if (error_ == 0) {
      error_ = ::posix_spawnp(&pid, argv.front().c_str(), &actions_, &attributes_,
                              pointers(argv).data(), pointers(environment).data());
    }
    if (error_ != 0) return system_error("cannot be run", error_);
    return pid;
  }

 private:
  void keep(int error) {
    if (error_ == 0) error_ = error;
  }
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
  int error_ = 0;
};

enum class Wait { kEnded, kStopped, kTimeout };

Wait wait_for_end(int pidfd, int stop_fd, milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  for (;;) {
    const auto rest = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    std::array<pollfd, 2> fds{{{pidfd, POLLIN, 0}, {stop_fd, POLLIN, 0}}};
    constexpr milliseconds kLongestPoll{60000};  // poll counts in int
    const auto pause = std::clamp(rest, milliseconds(0), kLongestPoll);
    if (::poll(fds.data(), fds.size(), static_cast<int>(pause.count())) > 0) {
      return fds[0].revents != 0 ? Wait::kEnded : Wait::kStopped;
    }
    if (rest <= milliseconds(0)) return Wait::kTimeout;
  }
}

Result<void> result_of(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, WNOHANG) != pid) {
    return Error{ErrorKind::kIo, "ended, but somebody else took its status"};
  }
  if (WIFSIGNALED(status)) {
    return Error{ErrorKind::kIo, fmt::format("was ended by signal {}", WTERMSIG(status))};
  }
  if (WEXITSTATUS(status) != 0) {
    return Error{ErrorKind::kIo, fmt::format("ended with status {}", WEXITSTATUS(status))};
  }
  return {};
}

}  // namespace

Result<void> run_to_end(HookProcess hook) {
  if (hook.argv.empty()) return invalid("no command is given");
  const Result<FileDescriptor> input = input_file(hook.input);
  if (!input) return input.error();
  const Result<pid_t> pid = SpawnSetup(input->get()).spawn(hook.argv, hook.environment);
  if (!pid) return pid.error();

  // By number: glibc 2.36 declares pidfd_open without extern "C".
  const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  if (!process.valid()) {  // out of descriptors: it cannot be watched, so it may not run
    const int code = errno;
    ::kill(-*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    return system_error("was killed, it could not be watched", code);
  }
  Wait wait = wait_for_end(process.get(), hook.stop_fd, hook.timeout);
  if (wait == Wait::kEnded) return result_of(*pid);

  if (wait == Wait::kTimeout) {
    ::kill(-*pid, SIGTERM);
    wait_for_end(process.get(), hook.stop_fd, kTermGrace);
  }
  // Until the leader is reaped, below, nobody else can get the number of its group.
  ::kill(-*pid, SIGKILL);
  wait_for_end(process.get(), -1, kKillGrace);
  ::waitpid(*pid, nullptr, WNOHANG);
  if (wait == Wait::kStopped) {
    return Error{ErrorKind::kUnavailable, "was killed, for soakwatch stops"};
  }
  return Error{ErrorKind::kTimeout,
               fmt::format("did not end within {} and was killed", format_duration(hook.timeout))};
}

}  // namespace soakwatch
