// Who calls whom in a profile, a node for each function: what pprof's reports are made from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "evidence/profile.h"

namespace soakwatch {

struct ProfileNode {
  std::string name;  // of a function; of code without names the file: "[libc.so.6]", or "<unknown>"
  std::int64_t flat = 0;  // where it is the innermost function
  std::int64_t cum = 0;   // where it is on the stack, however often
  // Whether callers have it inlined: some, all. Of calls that weigh enough.
  bool is_inlined = false;
  bool is_called = false;
};

struct ProfileGraph {
  std::vector<ProfileNode> nodes;  // the heaviest first, at most as many as asked for
  std::size_t nodes_in_all = 0;    // before the lightest were left out for their number
  std::size_t dropped = 0;         // that weigh too little
};

// Of the values at `index` of each sample. Nodes with a share of less than 0.5 % are dropped, and
// calls of less than 0.1 %, as pprof does by default. `max_nodes` 0: all.
ProfileGraph profile_graph(const Profile& profile, std::size_t index, std::size_t max_nodes);

// The part of all weight below which nodes are dropped.
inline constexpr double kProfileNodeFraction = 0.005;

}  // namespace soakwatch
