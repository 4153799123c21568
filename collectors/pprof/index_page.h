// The HTML page at /debug/pprof/, whose table shows how many entries each profile has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace soakwatch {

struct ProfileCount {
  std::string name;  // "goroutine", "heap"; the program's own profiles as well
  std::uint64_t count = 0;

  friend bool operator==(const ProfileCount&, const ProfileCount&) = default;
};

struct IndexPage {
  std::vector<ProfileCount> profiles;  // in the order of the page

  [[nodiscard]] std::optional<std::uint64_t> count(std::string_view name) const;
};

// Understands the page of Go 1.10 to 1.26 (net/http/pprof/pprof.go). A row that is cut short, or
// whose count is no whole number below 2^53, is left out. Error kInvalid: no such row at all.
Result<IndexPage> parse_index_page(std::string_view html);

}  // namespace soakwatch
