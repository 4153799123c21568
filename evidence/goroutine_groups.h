// Goroutines by their stacks, as a dump in text is read.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "evidence/breakdown.h"
#include "evidence/frame.h"

namespace soakwatch {

// A function and its "file:line": views into the dump.
struct GoroutineCall {
  std::string_view function;
  std::string_view place;
  bool operator==(const GoroutineCall&) const = default;
};
// Whether it is "file:line".
bool is_place(std::string_view place);

struct GoroutineStack {
  std::string state;                 // what it waits for; may be empty
  std::vector<GoroutineCall> calls;  // the innermost first
  GoroutineCall creator;             // function empty: unknown
  bool operator==(const GoroutineStack&) const = default;

  // Those above `max_frames` become one, which says that frames are left out.
  void add(const GoroutineCall& call, std::size_t max_frames);
  void add_left_out();
  void clear();
};

// The dump must outlive it. Takes memory for at most 2 * max_groups stacks.
class GoroutineGroups {
 public:
  explicit GoroutineGroups(std::size_t max_groups);

  void add(const GoroutineStack& stack, double count, std::optional<milliseconds> wait);
  // The groups, the heaviest first; `total` counts those too that were never added.
  [[nodiscard]] Breakdown breakdown(double total, bool truncated) const;

 private:
  struct Tally {
    double count = 0;
    std::optional<milliseconds> wait;
  };
  struct Hash {
    std::size_t operator()(const GoroutineStack& stack) const;
  };

  static Group group_of(const GoroutineStack& stack, const Tally& tally);
  void drop_the_rarest();

  std::size_t max_groups_;
  std::unordered_map<GoroutineStack, Tally, Hash> tallies_;
};

}  // namespace soakwatch
