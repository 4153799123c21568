#include "collectors/procfs/process_limits.h"

#include <fcntl.h>

#include <algorithm>
#include <string>

#include "collectors/procfs/cgroup.h"
#include "collectors/procfs/kernel_text.h"
#include "collectors/procfs/proc_file.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMaxLimitsBytes = 8192;  // 17 lines of 80 bytes in Linux 6
constexpr std::size_t kMaxCgroupLimitBytes = 64;
// Of a deeper tree, the groups nearest to the process are read.
constexpr int kMaxCgroupLevels = 32;

void tighten(std::optional<double>& limit, const std::string& file) {
  const auto text = read_proc_file(AT_FDCWD, file, kMaxCgroupLimitBytes);
  if (!text) return;
  const auto value = parse_cgroup_limit(*text);
  if (!value || !*value) return;
  const auto found = static_cast<double>(**value);
  limit = limit ? std::min(*limit, found) : found;
}

}  // namespace

Result<std::optional<std::uint64_t>> parse_open_files_limit(std::string_view text) {
  constexpr std::string_view kName = "Max open files";
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (!line.starts_with(kName)) continue;
    line.remove_prefix(kName.size());
    const std::string_view soft = take_field(line);
    if (soft == "unlimited") return std::optional<std::uint64_t>();
    const auto value = parse_unsigned<std::uint64_t>(soft);
    if (!value) return invalid("limits: the limit of open files is no number");
    return value;
  }
  return invalid("limits: says nothing of open files");
}

Result<std::optional<std::uint64_t>> parse_cgroup_limit(std::string_view text) {
  const std::string_view word = take_line(text);
  if (!text.empty()) return invalid("cgroup limit: more than one line");
  if (word == "max") return std::optional<std::uint64_t>();
  const auto value = parse_unsigned<std::uint64_t>(word);
  if (!value) return invalid("cgroup limit: neither a number nor max");
  return value;
}

ProcessLimits read_process_limits(int process_fd, const std::filesystem::path& cgroup_root) {
  ProcessLimits limits;
  if (const auto text = read_proc_file(process_fd, "limits", kMaxLimitsBytes)) {
    const auto open_files = parse_open_files_limit(whole_lines(*text));
    if (open_files && *open_files) limits.open_files = static_cast<double>(**open_files);
  }
  const auto text = read_proc_file(process_fd, "cgroup", kMaxCgroupBytes);
  if (!text) return limits;
  const auto own = cgroup2_path(whole_lines(*text));
  if (!own) return limits;
  std::string_view group = *own;
  for (int level = 0; level < kMaxCgroupLevels; ++level) {
    while (group.ends_with('/')) group.remove_suffix(1);
    const std::string folder = cgroup_root.string() + std::string(group);
    tighten(limits.memory_bytes, folder + "/memory.max");
    tighten(limits.tasks, folder + "/pids.max");
    // The root of the machine has no such files; that of a container has them.
    if (group.empty()) break;
    group = group.substr(0, group.rfind('/'));
  }
  return limits;
}

}  // namespace soakwatch
