// The memory of a process by the names of its mappings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/breakdown.h"
#include "model/result.h"

namespace soakwatch {

// One mapping of /proc/PID/smaps.
struct Mapping {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::string permissions;  // "rw-p"
  std::string name;         // as the kernel prints it; untrusted; empty: anonymous
  std::uint64_t rss_bytes = 0;
  bool no_reserve = false;  // MAP_NORESERVE, "nr" in VmFlags
};

inline constexpr std::size_t kMaxMappings = 200'000;

// The text of smaps, in the order of addresses. Lines that are not known are passed over. Error
// kInvalid: another text, or a mapping without its Rss; kTooLarge: more than kMaxMappings.
Result<std::vector<Mapping>> parse_smaps(std::string_view text);

// The name of the group that holds the heap of Go's runtime.
inline constexpr std::string_view kGoHeapMapping = "Go heap";

inline constexpr std::size_t kMaxMappingGroups = 1000;

// `count` is mappings and `bytes` what of them is in memory (Rss). Groups are named after who made
// the mappings, where that is sure, else after the file (as fold_path() makes it) or simply
// anonymous: see docs/evidence.md for the names and by what they are told.
Breakdown mapping_breakdown(const std::vector<Mapping>& mappings,
                            std::size_t max_groups = kMaxMappingGroups);

// The same from the text of a capture.
Result<Breakdown> read_mapping_breakdown(std::string_view text,
                                         std::size_t max_groups = kMaxMappingGroups);

}  // namespace soakwatch
