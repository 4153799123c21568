#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <charconv>
#include <sstream>

#include "cli/doctor/probes.h"
#include "collectors/procfs/proc_file.h"
#include "daemon/clock.h"
#include "storage/sample_reader.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMaxFactBytes = std::size_t{1} << 20;

bool lies_on(const char* path, long magic) {
  struct statfs system {};
  return ::statfs(path, &system) == 0 && static_cast<long>(system.f_type) == magic;
}

// A line of mountinfo: "22 1 0:20 / /proc rw,nosuid - proc proc rw,hidepid=2" (proc(5)).
std::optional<std::string> proc_options() {
  if (!lies_on("/proc", PROC_SUPER_MAGIC)) return std::nullopt;
  const auto text = read_proc_file(AT_FDCWD, "/proc/self/mountinfo", kMaxFactBytes);
  if (!text) return std::string();
  std::istringstream lines(*text);
  std::string options;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, mount_point;
    for (int i = 0; i < 4; ++i) words >> word;
    words >> mount_point;
    if (mount_point != "/proc") continue;
    while (words >> word && word != "-") {
    }
    std::string type, source;
    if (words >> type >> source >> word && type == "proc")
      options = word;  // the last one is on top
  }
  return options;
}

std::uint64_t effective_capabilities() {
  constexpr std::string_view kKey = "\nCapEff:\t";
  const auto text = read_proc_file(AT_FDCWD, "/proc/self/status", kMaxFactBytes);
  if (!text) return 0;
  const auto at = text->find(kKey);
  std::uint64_t bits = 0;
  if (at == std::string::npos) return 0;
  std::from_chars(text->data() + at + kKey.size(), text->data() + text->size(), bits, 16);
  return bits;
}

std::optional<int> ptrace_scope() {
  const auto text = read_proc_file(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", 64);
  int scope = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), scope).ec != std::errc())
    return std::nullopt;
  return scope;
}

}  // namespace

MachineFacts probe_machine() {
  MachineFacts facts;
  utsname kernel{};
  if (::uname(&kernel) == 0) facts.kernel_release = kernel.release;
  facts.has_smaps_rollup = ::access("/proc/self/smaps_rollup", R_OK) == 0;
  facts.proc_options = proc_options();
  facts.capabilities = effective_capabilities();
  facts.is_root = ::geteuid() == 0;
  facts.ptrace_scope = ptrace_scope();
  facts.sqlite_version = sqlite_version();
  facts.now = read_clocks();
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    facts.soft_open_files = files.rlim_cur;
    facts.hard_open_files = files.rlim_max;
  }
  facts.cgroup_v2 = lies_on("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC);
  return facts;
}

}  // namespace soakwatch
