// A capture, taken apart: what a process holds, by who holds it. Every kind of capture becomes
// one of these, so that comparing, confirming and reporting are written once.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/capture.h"
#include "model/finding.h"
#include "model/metric.h"
#include "model/timestamp.h"

namespace soakwatch {

// Goroutines of one stack, live memory of one call site, descriptors of one file or peer, mappings
// of one name, calls that one function makes. All texts are printable.
struct Group {
  std::string key;                 // the same in two captures of one program: the same group
  std::string name;                // for a person: the function, the path, the mapping
  std::string location;            // "worker.go:42"; may be empty
  std::string state;               // "chan receive", "CLOSE_WAIT"; may be empty
  std::vector<std::string> stack;  // to_string(Frame), the innermost first; may be empty
  double count = 0;  // goroutines, objects, descriptors, mappings, calls; seconds of CPU
  double bytes = 0;  // 0 for goroutines and descriptors
  std::optional<milliseconds> longest_wait;  // of goroutines, where the capture tells it
};

// Of a group that is called after a file.
inline constexpr std::size_t kMaxGroupNameBytes = 300;
inline constexpr std::size_t kMaxGroupKeyBytes = std::size_t{20} * 1024;  // a whole path, escaped

struct Breakdown {
  CaptureKind kind = CaptureKind::kHeap;
  std::vector<Group> groups;  // the heaviest first, at most max_groups of the reader's limits
  double total_count = 0;     // with what is left out of `groups`
  double total_bytes = 0;
  bool truncated = false;  // the capture was cut off: groups and totals are of what is there
};

// In what the groups of a kind are weighed: bytes for memory, seconds for CPU, else a count.
Unit weight_unit(CaptureKind kind);
double weight(const Group& group, CaptureKind kind);

struct GroupGrowth {
  Group after;       // of a group that is gone: the one before, with count and bytes 0
  double count = 0;  // after - before; may be negative
  double bytes = 0;
  double before = 0;  // weight
  double now = 0;
  double share = 0;  // of the weight that all growing groups gained, 0 to 1; 0 where it shrank
};

// The greatest growth first; groups that did not change are left out.
std::vector<GroupGrowth> what_grew(const Breakdown& before, const Breakdown& after);

// The first `limit` groups that grew, for a finding.
std::vector<Culprit> culprits_of(CaptureKind kind, const std::vector<GroupGrowth>& growth,
                                 std::size_t limit);

}  // namespace soakwatch
