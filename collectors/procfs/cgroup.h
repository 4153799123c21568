// /proc/PID/cgroup, of both hierarchies.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace soakwatch {

// Of the file: a path is at most PATH_MAX, and version 1 has about a dozen hierarchies.
inline constexpr std::size_t kMaxCgroupBytes = std::size_t{64} * 1024;

// The paths of all hierarchies (version 1: one for each controller, version 2: one), each once.
// Error kInvalid: a line that is not "number:controllers:path".
Result<std::vector<std::string>> parse_cgroup(std::string_view text);

// The path in the version 2 hierarchy; absent where the process is in none, or in one that this
// namespace does not show ("/../x", cgroup_namespaces(7)).
std::optional<std::string> cgroup2_path(std::string_view text);

// A component of the path is `unit`: "/user.slice/user-1000.slice/app.service" is in "app.service"
// and in "user.slice". systemd puts '_' before a name that could be a file of the control group, or
// that begins with '_' itself: "/system.slice/_memory.service" is in "memory.service".
bool cgroup_in_unit(std::string_view path, std::string_view unit);

// The path is `ancestor` or lies below it. A slash at the ancestor's end does not matter.
bool cgroup_at_or_below(std::string_view path, std::string_view ancestor);

}  // namespace soakwatch
