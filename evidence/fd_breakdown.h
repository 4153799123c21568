// Open descriptors by what they are open on.
#pragma once

#include <cstddef>
#include <string_view>

#include "evidence/breakdown.h"
#include "evidence/fd_list.h"
#include "model/result.h"

namespace soakwatch {

inline constexpr std::size_t kMaxFdGroups = 1000;

// Files, folders, devices, named pipes and unix sockets are grouped by their path, as fold_path()
// makes it; a group of one path shows it as it is. TCP and UDP by the other end ("TCP to
// 127.0.0.1:5432"), but connections that the process accepted by its own end, for the port of a
// client says nothing. The state of a socket parts groups, as does whether a file was deleted.
//
// Accepted are connections to a port on which the process listens, and those from a port of the
// range for clients to one below it. What was not listed or may not be seen is in groups of its
// own, so that total_count is what the process has open.
Breakdown fd_breakdown(const FdList& list, std::size_t max_groups = kMaxFdGroups);

// The same from the text of a capture.
Result<Breakdown> read_fd_breakdown(std::string_view text, std::size_t max_groups = kMaxFdGroups);

}  // namespace soakwatch
