#include "collectors/procfs/cgroup.h"

#include <algorithm>

#include "collectors/procfs/kernel_text.h"

namespace soakwatch {

Result<std::vector<std::string>> parse_cgroup(std::string_view text) {
  std::vector<std::string> paths;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos || !parse_unsigned<unsigned>(line.substr(0, first))) {
      return invalid("cgroup: a line is not number:controllers:path");
    }
    const std::string_view path = line.substr(second + 1);
    if (!path.starts_with('/')) return invalid("cgroup: a path does not begin with a slash");
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.emplace_back(path);
  }
  return paths;
}

std::optional<std::string> cgroup2_path(std::string_view text) {
  constexpr std::string_view kVersion2 = "0::";
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (!line.starts_with(kVersion2)) continue;
    line.remove_prefix(kVersion2.size());
    if (!line.starts_with('/') || cgroup_in_unit(line, "..")) return std::nullopt;
    return std::string(line);
  }
  return std::nullopt;
}

bool cgroup_in_unit(std::string_view path, std::string_view unit) {
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    std::string_view name = path.substr(0, slash);
    if (name.starts_with('_')) name.remove_prefix(1);  // as cg_unescape() of systemd
    if (!name.empty() && name == unit) return true;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return false;
}

bool cgroup_at_or_below(std::string_view path, std::string_view ancestor) {
  while (ancestor.ends_with('/')) ancestor.remove_suffix(1);
  if (!path.starts_with(ancestor)) return false;
  path.remove_prefix(ancestor.size());
  return path.empty() || path.front() == '/';
}

}  // namespace soakwatch
