#include "cli/soak/process_family.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "collectors/procfs/process_directory.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMostProcesses = 100'000;
// What is in front of a program in a command line, a Makefile, a container.
constexpr std::string_view kLaunchers[] = {
    "ash",  "bash", "busybox", "dash", "docker-init", "dumb-init", "fish",   "flock", "go",
    "just", "ksh",  "make",    "npm",  "runsv",       "script",    "setsid", "sh",    "su",
    "sudo", "task", "timeout", "tini", "unshare",     "xvfb-run",  "zsh"};
// What the kernel adds to the path of a file that was replaced.
constexpr std::string_view kDeleted = " (deleted)";

std::string_view file_name(std::string_view path) {
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  return path.substr(path.rfind('/') + 1);
}

// An upgrade of itself leaves the old file deleted, and has the same name.
bool same_program(const std::string& a, const std::string& b) {
  return !a.empty() && file_name(a) == file_name(b);
}

}  // namespace

std::vector<FamilyProcess> scan_processes(const std::filesystem::path& proc_root) {
  std::vector<FamilyProcess> all;
  const auto root = ProcFile::open(AT_FDCWD, proc_root.string(), O_DIRECTORY);
  if (!root) return all;
  // What was found before a failure is better than nothing: it is asked again soon.
  (void)list_proc_folder(root->fd(), ".", [&](const char* name) {
    const pid_t pid = parse_pid(name);
    if (pid == 0) return true;
    const auto stat = read_stat_file(root->fd(), std::string(name) + "/stat");
    if (!stat) return true;
    FamilyProcess process;
    process.pid = pid;
    process.parent = static_cast<pid_t>(stat->parent_pid);
    process.session = ::getsid(pid);
    process.start_ticks = stat->start_ticks;
    process.ended = stat->main_thread_ended() && stat->threads <= 1;
    const auto exe = read_proc_link(root->fd(), std::string(name) + "/exe");
    process.program = exe ? *exe : stat->comm;
    all.push_back(std::move(process));
    return all.size() < kMostProcesses;
  });
  return all;
}

std::vector<FamilyProcess> family_of(const std::vector<FamilyProcess>& all,
                                     const FamilyRoots& roots) {
  std::set<pid_t> pids;
  for (const FamilyProcess& process : all) {
    // Hooks of alerts are children of ours as well, but of another session and program.
    const bool orphan =
        process.parent == roots.self &&
        (process.session == roots.leader || same_program(process.program, roots.watched_program));
    const bool leader =
        process.pid == roots.leader &&
        (roots.leader_start_ticks == 0 || process.start_ticks == roots.leader_start_ticks);
    if (leader || orphan) pids.insert(process.pid);
  }
  for (bool grew = true; grew;) {
    grew = false;
    for (const FamilyProcess& process : all) {
      if (pids.count(process.parent) != 0) grew = pids.insert(process.pid).second || grew;
    }
  }
  std::vector<FamilyProcess> family;
  for (const FamilyProcess& process : all) {
    if (pids.count(process.pid) != 0) family.push_back(process);
  }
  std::sort(family.begin(), family.end(), [](const FamilyProcess& a, const FamilyProcess& b) {
    return std::tie(a.start_ticks, a.pid) < std::tie(b.start_ticks, b.pid);
  });
  return family;
}

bool is_launcher(const std::string& program) {
  return std::find(std::begin(kLaunchers), std::end(kLaunchers), file_name(program)) !=
         std::end(kLaunchers);
}

std::optional<FamilyProcess> chosen_process(const std::vector<FamilyProcess>& family,
                                            const FamilyRoots& roots) {
  const auto leader = std::find_if(family.begin(), family.end(), [&](const FamilyProcess& process) {
    return process.pid == roots.leader && !process.ended;
  });
  const bool led = leader != family.end();
  if (led && !is_launcher(leader->program)) return *leader;
  for (const FamilyProcess& process : family) {
    if (process.ended || process.pid == roots.leader || is_launcher(process.program)) continue;
    if (led || roots.watched_program.empty() ||
        same_program(process.program, roots.watched_program))
      return process;
  }
  return std::nullopt;
}

}  // namespace soakwatch
