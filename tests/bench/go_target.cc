#include "tests/bench/go_target.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace soakwatch::bench {
namespace {

constexpr std::string_view kAddress = "pprof http://127.0.0.1:";

std::string program() {
  const char* folder = std::getenv("SOAKWATCH_TARGETS");
  return std::string(folder != nullptr ? folder : SOAKWATCH_TARGETS) + "/leaky";
}

[[noreturn]] void become(const std::string& path, int output) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  dup2(output, STDOUT_FILENO);
  execl(path.c_str(), "leaky", "-mode", "idle", "-goroutines", "50", "-heap", "4MiB", nullptr);
  _exit(127);
}

std::string first_line(int fd) {
  std::string line;
  char c = 0;
  while (read(fd, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

}  // namespace

GoTarget::GoTarget() {
  const std::string path = program();
  std::array<int, 2> ends{};
  if (access(path.c_str(), X_OK) != 0 || pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error(path + " is missing: go build -C tests/targets/leaky -o " + path);
  }
  pid_ = fork();
  if (pid_ == 0) become(path, ends[1]);
  close(ends[1]);
  const std::string line = first_line(ends[0]);
  close(ends[0]);
  if (!line.starts_with(kAddress)) throw std::runtime_error(path + " says: " + line);
  url_ = line.substr(line.find("http:"));
  port_ = static_cast<std::uint16_t>(std::stoul(line.substr(kAddress.size())));
}

GoTarget::~GoTarget() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

}  // namespace soakwatch::bench
