#include "collectors/procfs/process_table.h"

#include <fcntl.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "collectors/procfs/cgroup.h"
#include "collectors/procfs/cmdline.h"
#include "collectors/procfs/command_pattern.h"
#include "collectors/procfs/kernel_text.h"
#include "collectors/procfs/listening_sockets.h"
#include "collectors/procfs/proc_file.h"
#include "collectors/procfs/process_directory.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMaxProcesses = std::size_t{1} << 18;
constexpr std::size_t kMaxCommBytes = 15;  // TASK_COMM_LEN less its NUL

struct Candidate {
  ProcessMatch process;
  pid_t parent = 0;
  bool main_thread_ended = false;
  // Read when first asked for.
  std::optional<CommandLine> command;
  std::optional<std::vector<std::string>> cgroups;
};

using Predicate = std::function<Result<bool>(Candidate&)>;
using Matches = Result<std::vector<ProcessMatch>>;

}  // namespace

struct ProcessTable::Impl {
  explicit Impl(ProcFile root_in) : root(std::move(root_in)) {}

  Result<void> scan();
  void add(const char* name, pid_t pid);

  // The folder of the process, or of a living thread where the main thread ended.
  [[nodiscard]] Result<ProcessDirectory> folder_of(const Candidate& entry) const;
  [[nodiscard]] bool still_there(const Candidate& entry) const;
  [[nodiscard]] bool runs_file(const Candidate& entry, std::string_view name) const;
  const CommandLine& command_of(Candidate& entry);
  const std::vector<std::string>& cgroups_of(Candidate& entry);
  [[nodiscard]] std::set<pid_t> ancestors_of(pid_t pid) const;
  Result<void> read_listeners();

  // Those that fit, but `self`: our own command line holds the very words we look for.
  Matches matching(pid_t self, const Predicate& fits);
  Matches find_by_name(pid_t self, const std::string& name);
  Matches find_by_port(pid_t self, const std::string& value);
  Matches find_by_command(pid_t self, const std::string& expression);
  Matches find_by_cgroup(pid_t self, const std::function<bool(const std::string& path)>& fits);

  ProcFile root;
  std::vector<Candidate> entries;
  std::optional<std::map<std::uint16_t, std::set<pid_t>>> listeners;  // by port
};

Result<void> ProcessTable::Impl::scan() {
  const auto listed = list_proc_folder(root.fd(), ".", [&](const char* name) {
    const pid_t pid = parse_pid(name);
    if (pid != 0) add(name, pid);
    return entries.size() < kMaxProcesses;
  });
  if (!listed) return listed.error();
  if (entries.size() == kMaxProcesses) return Error{ErrorKind::kTooLarge, "too many processes"};
  std::sort(entries.begin(), entries.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.process.start_ticks, a.process.pid) <
           std::tie(b.process.start_ticks, b.process.pid);
  });
  return {};
}

void ProcessTable::Impl::add(const char* name, pid_t pid) {
  // A process that vanishes during the scan is no error: it is not there.
  auto stat = read_stat_file(root.fd(), std::string(name) + "/stat");
  if (!stat) return;
  Candidate entry;
  entry.main_thread_ended = stat->main_thread_ended();
  entry.process = {pid, stat->start_ticks, std::move(stat->comm)};
  entry.parent = static_cast<pid_t>(stat->parent_pid);
  if (entry.main_thread_ended && !folder_of(entry)) return;  // a zombie
  entries.push_back(std::move(entry));
}

Result<ProcessDirectory> ProcessTable::Impl::folder_of(const Candidate& entry) const {
  auto folder = ProcessDirectory::open(root.fd(), std::to_string(entry.process.pid));
  if (!folder || !entry.main_thread_ended) return folder;
  return folder->living_thread(entry.process.pid);
}

// What is read after the scan is read by pid, which may have changed hands meanwhile.
bool ProcessTable::Impl::still_there(const Candidate& entry) const {
  const auto stat = read_stat_file(root.fd(), std::to_string(entry.process.pid) + "/stat");
  return stat && stat->start_ticks == entry.process.start_ticks;
}

bool ProcessTable::Impl::runs_file(const Candidate& entry, std::string_view name) const {
  const auto folder = folder_of(entry);
  if (!folder) return false;
  const auto exe = read_proc_link(folder->fd(), "exe");
  return exe && file_name(without_deleted(*exe)) == name;
}

const CommandLine& ProcessTable::Impl::command_of(Candidate& entry) {
  if (!entry.command) {
    entry.command.emplace();
    if (const auto folder = folder_of(entry)) {
      const auto text = read_proc_file(folder->fd(), "cmdline", kMaxCmdlineBytes);
      if (text) entry.command = parse_cmdline(*text);
    }
  }
  return *entry.command;
}

const std::vector<std::string>& ProcessTable::Impl::cgroups_of(Candidate& entry) {
  if (!entry.cgroups) {
    entry.cgroups.emplace();
    if (const auto folder = folder_of(entry)) {
      const auto text = read_proc_file(folder->fd(), "cgroup", kMaxCgroupBytes);
      auto paths = parse_cgroup(text ? whole_lines(*text) : std::string_view());
      if (paths) entry.cgroups = std::move(*paths);
    }
  }
  return *entry.cgroups;
}

// One pass over the descriptors of all processes serves every port that is asked for.
Result<void> ProcessTable::Impl::read_listeners() {
  if (listeners) return {};
  const auto sockets = read_net_tables(root.fd(), "net");
  if (!sockets) return sockets.error();
  std::unordered_map<std::uint64_t, std::uint16_t> port_of_inode;
  for (const ListeningSocket& socket : *sockets) port_of_inode[socket.inode] = socket.port;
  listeners.emplace();
  for (const Candidate& entry : entries) {
    const auto folder = folder_of(entry);
    if (!folder) continue;
    const auto inodes = folder->socket_inodes();
    if (!inodes) continue;  // ended, or hidden from us
    for (const std::uint64_t inode : *inodes) {
      const auto found = port_of_inode.find(inode);
      if (found != port_of_inode.end()) (*listeners)[found->second].insert(entry.process.pid);
    }
  }
  return {};
}

Matches ProcessTable::Impl::matching(pid_t self, const Predicate& fits) {
  std::vector<ProcessMatch> matches;
  for (Candidate& entry : entries) {
    if (entry.process.pid == self) continue;
    const auto fit = fits(entry);
    if (!fit) return fit.error();
    if (*fit && still_there(entry)) matches.push_back(entry.process);
  }
  return matches;
}

Matches ProcessTable::Impl::find_by_name(pid_t self, const std::string& name) {
  return matching(self, [&](Candidate& entry) -> Result<bool> {
    if (entry.process.comm == name || file_name(command_of(entry).argv0) == name) return true;
    // comm holds the first 15 bytes only, and argv[0] may have been overwritten.
    return name.size() > kMaxCommBytes && runs_file(entry, name);
  });
}

Matches ProcessTable::Impl::find_by_port(pid_t self, const std::string& value) {
  const auto port = parse_unsigned<std::uint16_t>(value);
  if (!port || *port == 0) return invalid("'" + value + "' is not a port (1 to 65535)");
  if (auto ok = read_listeners(); !ok) return ok.error().in("looking for port " + value);
  const std::set<pid_t>& holders = (*listeners)[*port];
  return matching(
      self, [&](Candidate& entry) -> Result<bool> { return holders.contains(entry.process.pid); });
}

std::set<pid_t> ProcessTable::Impl::ancestors_of(pid_t pid) const {
  std::map<pid_t, pid_t> parents;
  for (const Candidate& entry : entries) parents[entry.process.pid] = entry.parent;
  std::set<pid_t> ancestors;
  for (auto at = parents.find(pid); at != parents.end() && ancestors.insert(at->second).second;) {
    at = parents.find(at->second);
  }
  return ancestors;
}

Matches ProcessTable::Impl::find_by_command(pid_t self, const std::string& expression) {
  const auto pattern = CommandPattern::compile(expression);
  if (!pattern) return pattern.error();
  // Whoever started us (sudo, a shell) holds the words we look for, and so does another soakwatch.
  const std::set<pid_t> ancestors = ancestors_of(self);
  return matching(self, [&](Candidate& entry) -> Result<bool> {
    if (ancestors.contains(entry.process.pid) || entry.process.comm.starts_with("soakwatch")) {
      return false;
    }
    const std::string& command = command_of(entry).joined;
    if (command.empty()) return false;
    return pattern->found_in(command);
  });
}

Matches ProcessTable::Impl::find_by_cgroup(
    pid_t self, const std::function<bool(const std::string& path)>& fits) {
  return matching(self, [&](Candidate& entry) -> Result<bool> {
    const auto& paths = cgroups_of(entry);
    return std::any_of(paths.begin(), paths.end(), fits);
  });
}

ProcessTable::ProcessTable(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProcessTable::ProcessTable(ProcessTable&&) noexcept = default;
ProcessTable& ProcessTable::operator=(ProcessTable&&) noexcept = default;
ProcessTable::~ProcessTable() = default;

Result<ProcessTable> ProcessTable::scan(const std::filesystem::path& proc_root) {
  auto root = ProcFile::open(AT_FDCWD, proc_root.string(), O_DIRECTORY);
  if (!root) return root.error();
  auto impl = std::make_unique<Impl>(std::move(*root));
  if (auto ok = impl->scan(); !ok) return ok.error().in(proc_root.string());
  return ProcessTable(std::move(impl));
}

Result<std::vector<ProcessMatch>> ProcessTable::find(const TargetSpec& spec, pid_t self) {
  const std::string& value = spec.value;
  if (value.empty()) return invalid("nothing is given to look for");
  switch (spec.kind) {
    case TargetKind::kPid: {
      const pid_t pid = parse_pid(value);
      if (pid == 0) return invalid("'" + value + "' is not a pid");
      return impl_->matching(
          self, [&](Candidate& entry) -> Result<bool> { return entry.process.pid == pid; });
    }
    case TargetKind::kName:
      return impl_->find_by_name(self, value);
    case TargetKind::kPort:
      return impl_->find_by_port(self, value);
    case TargetKind::kCmdline:
      return impl_->find_by_command(self, value);
    case TargetKind::kUnit:
      return impl_->find_by_cgroup(
          self, [&](const std::string& path) { return cgroup_in_unit(path, value); });
    case TargetKind::kCgroup:
      if (!value.starts_with('/')) return invalid("'" + value + "' is not a cgroup path");
      return impl_->find_by_cgroup(
          self, [&](const std::string& path) { return cgroup_at_or_below(path, value); });
    case TargetKind::kCommand:
      break;
  }
  return invalid("a command is started, not looked for");
}

}  // namespace soakwatch
