#include "cli/soak/command_run.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "alerts/file_descriptor.h"
#include "collectors/procfs/process_directory.h"

namespace soakwatch {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

// A launcher that has started nothing for so long is itself what is meant: a shell script that does
// the work.
constexpr std::chrono::seconds kLauncherPatience{5};
constexpr std::chrono::milliseconds kPoll{50};
constexpr std::chrono::seconds kKillGrace{2};

Error failed(const char* what) {
  return {ErrorKind::kIo, std::string(what) + ": " + std::generic_category().message(errno)};
}

// Where the output of the command comes from, and what it gets.
struct Channel {
  FileDescriptor ours;
  FileDescriptor theirs;
  FileDescriptor null;
  ChildStreams streams;
};

Result<Channel> open_terminal() {
  Channel channel;
  channel.ours = FileDescriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  const int fd = channel.ours.get();
  std::array<char, 64> name{};
  if (!channel.ours.valid() || ::grantpt(fd) != 0 || ::unlockpt(fd) != 0 ||
      ::ptsname_r(fd, name.data(), name.size()) != 0)
    return failed("cannot make a terminal for the command");
  winsize size{};
  size.ws_row = 40;
  size.ws_col = 120;
  ::ioctl(fd, TIOCSWINSZ, &size);
  termios modes{};
  if (::tcgetattr(fd, &modes) == 0) {
    modes.c_oflag &= ~static_cast<tcflag_t>(ONLCR);  // the log has plain line ends
    modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd, TCSANOW, &modes);
  }
  channel.streams.terminal = name.data();
  return channel;
}

Result<Channel> open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("cannot make a pipe for the command");
  Channel channel;
  channel.ours = FileDescriptor(ends[0]);
  channel.theirs = FileDescriptor(ends[1]);
  channel.null = FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  channel.streams = {channel.null.get(), ends[1], ends[1], true, {}};
  return channel;
}

}  // namespace

Result<std::unique_ptr<CommandRun>> CommandRun::start(asio::io_context& context,
                                                      CommandOptions options) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  auto channel = options.terminal ? open_terminal() : open_pipe();
  if (!channel) return channel.error();
  // What draws on a terminal asks for its kind; a service or a CI job has none.
  if (options.terminal) ::setenv("TERM", "xterm-256color", 0);
  auto child = ChildProcess::start(options.command, channel->streams);
  if (!child) return child.error();
  const int output = ::fcntl(channel->ours.get(), F_DUPFD_CLOEXEC, 0);
  if (output < 0) return failed("cannot read what the command prints");
  std::unique_ptr<CommandRun> run(
      new CommandRun(context, std::move(options), std::move(*child), output));
  run->read_output();
  return run;
}

CommandRun::CommandRun(asio::io_context& context, CommandOptions options, ChildProcess child,
                       int output)
    : context_(context),
      options_(std::move(options)),
      child_(std::move(child)),
      started_(Clock::now()),
      roots_{::getpid(), child_.pid(), 0, {}},
      log_(options_.log),
      output_(context, output) {
  // It is there, as a zombie at least: only ended() takes its status. Its number may go to others
  // after that.
  const fs::path stat = options_.proc_root / std::to_string(child_.pid()) / "stat";
  if (const auto own = read_stat_file(AT_FDCWD, stat.string()))
    roots_.leader_start_ticks = own->start_ticks;
}

CommandRun::~CommandRun() {
  if (!child_.ended()) kill_all();
}

std::vector<FamilyProcess> CommandRun::family() const {
  return family_of(scan_processes(options_.proc_root), roots_);
}

Result<pid_t> CommandRun::process() {
  const auto end = child_.ended();
  const bool crashed =
      end && (!WIFEXITED(*child_.wait_status()) || WEXITSTATUS(*child_.wait_status()) != 0);
  // One that failed is over, whatever it left behind; one that ended in order may have daemonised.
  if (crashed) return not_found("the command " + *end);
  const std::vector<FamilyProcess> all = family();
  auto chosen = chosen_process(all, roots_);
  const bool idle_launcher =
      !end && roots_.watched_program.empty() && Clock::now() - started_ > kLauncherPatience;
  if (!chosen && idle_launcher) {
    for (const FamilyProcess& process : all) {
      if (process.pid == roots_.leader && !process.ended) return process.pid;
    }
  }
  if (!chosen && end) return not_found("the command " + *end);
  if (!chosen) {
    return Error{ErrorKind::kUnavailable, "the command runs, but not the program that it starts"};
  }
  roots_.watched_program = chosen->program;
  return chosen->pid;
}

void CommandRun::read_output() {
  output_.async_read_some(asio::buffer(buffer_),
                          [this](const boost::system::error_code& error, std::size_t size) {
                            // EIO: nobody has the terminal open any more.
                            if (error) return;
                            log_.append({buffer_.data(), size});
                            read_output();
                          });
}

bool CommandRun::signal_all(int signal) {
  bool any = false;
  bool group = false;
  for (const FamilyProcess& process : family()) {
    if (process.ended) {
      // An orphan that came to us; the leader's status is wanted yet.
      if (process.parent == roots_.self && process.pid != roots_.leader)
        ::waitpid(process.pid, nullptr, WNOHANG);
      continue;
    }
    any = true;
    if (signal == 0) continue;
    group = group || ::getpgid(process.pid) == roots_.leader;
    if (::getpgid(process.pid) != roots_.leader) ::kill(process.pid, signal);
  }
  // Somebody is in it, so that its number cannot have gone to others.
  if (group) ::kill(-roots_.leader, signal);
  return any;
}

asio::awaitable<bool> CommandRun::terminate(std::chrono::milliseconds grace) {
  asio::steady_timer timer(context_);
  bool running = signal_all(SIGTERM);
  const Clock::time_point end = Clock::now() + grace;
  while (running && Clock::now() < end) {
    timer.expires_after(kPoll);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    child_.ended();
    running = signal_all(0);
  }
  const bool in_order = !running;
  const Clock::time_point last = Clock::now() + kKillGrace;
  while (running && Clock::now() < last) {
    running = signal_all(SIGKILL);  // again for what was started meanwhile
    timer.expires_after(kPoll);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    child_.ended();
  }
  child_.ended();
  output_.close();
  co_return in_order;
}

void CommandRun::kill_all() { signal_all(SIGKILL); }

}  // namespace soakwatch
