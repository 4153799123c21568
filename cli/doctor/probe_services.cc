#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <utility>

#include "alerts/file_descriptor.h"
#include "cli/doctor/judgement.h"
#include "cli/doctor/probes.h"
#include "daemon/child_process.h"

namespace soakwatch {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxAnswerBytes = 4096;
constexpr const char* kRights = "--property=AmbientCapabilities,CapabilityBoundingSet";

std::optional<std::string> in_path(const char* program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string file = folder + "/" + program;
    if (!folder.empty() && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return std::nullopt;
}

// All that comes until `end`; nothing when more was to come.
std::optional<std::string> read_until_closed(int fd, Clock::time_point end) {
  std::string text;
  std::array<char, 1024> buffer{};
  while (text.size() < kMaxAnswerBytes) {
    const auto rest = std::chrono::duration_cast<milliseconds>(end - Clock::now()).count();
    if (rest <= 0) return std::nullopt;
    pollfd ready{fd, POLLIN, 0};
    const int events = ::poll(&ready, 1, static_cast<int>(rest));
    if (events < 0 && errno == EINTR) continue;
    if (events <= 0) return std::nullopt;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

// What systemctl prints; nothing when it stays silent.
std::optional<std::string> ask_systemctl(bool of_user) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing.valid()) return std::nullopt;
  auto child = ChildProcess::start(
      {"systemctl", of_user ? "--user" : "--system", "--no-pager", "show", "soakwatch.service",
       "--property=LoadState,ActiveState,SubState,MainPID,User", kRights},
      {nothing.get(), writing.get(), nothing.get(), true, {}});
  writing = FileDescriptor();
  if (!child) return std::nullopt;
  auto text = read_until_closed(reading.get(), Clock::now() + kProbeTimeout);
  child->terminate(milliseconds(text ? 200 : 0));
  return text;
}

std::string property(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + "=")) return line.substr(name.size() + 1);
  }
  return {};
}

// As systemctl shows a set: "cap_perfmon cap_sys_ptrace".
std::uint64_t capabilities_of(const std::string& names) {
  static constexpr std::pair<std::string_view, int> kNamed[] = {
      {"cap_perfmon", kCapPerfmon},
      {"cap_sys_ptrace", kCapSysPtrace},
      {"cap_dac_read_search", kCapDacReadSearch},
  };
  std::uint64_t bits = 0;
  std::istringstream words(names);
  for (std::string word; words >> word;) {
    for (const auto& [name, bit] : kNamed) {
      if (word == name) bits |= std::uint64_t{1} << bit;
    }
  }
  return bits;
}

std::optional<unsigned> uid_of(const std::string& user) {
  if (user.empty()) return 0;
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return std::nullopt;
  return found->pw_uid;
}

UnitFacts probe_unit(bool of_user) {
  UnitFacts facts;
  facts.of_user = of_user;
  if (!in_path("systemctl")) return facts;
  const auto text = ask_systemctl(of_user);
  if (text) {
    facts = unit_facts(of_user, *text);
    facts.uid = uid_of(facts.user);
    return facts;
  }
  facts.state = UnitFacts::State::kNoAnswer;
  facts.detail = "nothing within 2 s";
  return facts;
}

}  // namespace

UnitFacts unit_facts(bool of_user, const std::string& shown) {
  UnitFacts facts;
  facts.of_user = of_user;
  facts.state = UnitFacts::State::kNoAnswer;
  const std::string active = property(shown, "ActiveState");
  if (active.empty()) {
    facts.detail = "it does not run here";
    return facts;
  }
  const std::string sub = property(shown, "SubState");
  facts.detail = active + " (" + sub + ")";
  const std::string pid = property(shown, "MainPID");
  std::from_chars(pid.data(), pid.data() + pid.size(), facts.main_pid);
  facts.user = property(shown, "User");
  // Root gets what the bounding set leaves, everybody else what is ambient.
  const bool is_root = facts.user.empty() || facts.user == "root";
  facts.capabilities =
      capabilities_of(property(shown, is_root ? "CapabilityBoundingSet" : "AmbientCapabilities"));
  if (property(shown, "LoadState") == "not-found") {
    facts.state = UnitFacts::State::kNotInstalled;
  } else if (active == "failed") {
    facts.state = UnitFacts::State::kFailed;
  } else if (active == "activating" && sub.starts_with("auto-restart")) {
    facts.state = UnitFacts::State::kRestarting;
  } else {
    facts.state = active == "inactive" ? UnitFacts::State::kInactive : UnitFacts::State::kActive;
  }
  return facts;
}

ServiceFacts probe_services(bool is_root) {
  ServiceFacts facts;
  facts.units.push_back(probe_unit(false));
  if (!is_root) facts.units.push_back(probe_unit(true));
  facts.logind_trouble = bus_trouble(false, "org.freedesktop.login1", kProbeTimeout);
  facts.notification_trouble = bus_trouble(true, "org.freedesktop.Notifications", kProbeTimeout);
  facts.go_tool = in_path("go");
  return facts;
}

}  // namespace soakwatch
