// What a process cannot go beyond: its own limits, and those of its control groups.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "model/process_id.h"
#include "model/result.h"

namespace soakwatch {

// The soft limit of open files in /proc/PID/limits; absent: unlimited. Error kInvalid: no such
// line.
Result<std::optional<std::uint64_t>> parse_open_files_limit(std::string_view text);

// memory.max or pids.max of a cgroup; absent: "max", which is no limit. Error kInvalid.
Result<std::optional<std::uint64_t>> parse_cgroup_limit(std::string_view text);

// Reads `limits` and `cgroup` in the folder of a process, and the files of its version 2 cgroup and
// of those above it, up to `cgroup_root` (/sys/fs/cgroup). What cannot be read is absent: it may be
// another user's, hidden, of version 1, or outside of what this mount shows.
ProcessLimits read_process_limits(int process_fd, const std::filesystem::path& cgroup_root);

}  // namespace soakwatch
