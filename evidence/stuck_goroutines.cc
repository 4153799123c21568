#include "evidence/stuck_goroutines.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "evidence/frame.h"

namespace soakwatch {
namespace {

constexpr std::string_view kCreatedBy = "created by ";

// What a wait is on, and whether it ends by something that arrives from elsewhere.
struct StuckWait {
  StuckOn on = StuckOn::kChannel;
  bool is_for_arrival = false;
};

bool has_frame(const Group& group, std::string_view function) {
  return std::any_of(group.stack.begin(), group.stack.end(),
                     [&](const std::string& line) { return function_of(line) == function; });
}

// By runtime/runtime2.go (waitReasonStrings), of Go 1.10 to 1.26. Old versions say "semacquire" of
// locks and of WaitGroups. A wait of the garbage collector and its kind, a sleep: nothing.
std::optional<StuckWait> wait_of(const Group& group) {
  const std::string_view state = group.state;
  if (state.starts_with("chan receive")) return StuckWait{StuckOn::kChannel, true};
  if (state.starts_with("chan send")) return StuckWait{StuckOn::kChannel, false};
  if (state == "select (no cases)") return StuckWait{StuckOn::kChannel, false};
  if (state.starts_with("select")) return StuckWait{StuckOn::kChannel, true};
  if (state == "IO wait" || state == "syscall") return StuckWait{StuckOn::kIo, true};
  if (state.starts_with("sync.WaitGroup.Wait") || state == "sync.Cond.Wait") {
    return StuckWait{StuckOn::kLock, true};
  }
  if (state == "semacquire") {
    return StuckWait{StuckOn::kLock, has_frame(group, "sync.(*WaitGroup).Wait")};
  }
  if (state.starts_with("sync.")) return StuckWait{StuckOn::kLock, false};
  return std::nullopt;
}

// All of the stack is the standard library's, and so is who created it: net/http's goroutine of an
// idle connection, os/signal.loop, database/sql's opener of connections.
bool is_of_the_library(const Group& group) {
  bool is_created = false;
  for (std::string_view line : group.stack) {
    if (line.starts_with(kCreatedBy)) {
      is_created = true;
      line.remove_prefix(kCreatedBy.size());
    }
    if (!is_standard_library(function_of(line))) return false;
  }
  return is_created;
}

// Go says nothing of who created the main goroutine, and leaves runtime.main out but in a crash.
bool is_main(const Group& group) {
  return has_frame(group, "main.main") &&
         std::none_of(group.stack.begin(), group.stack.end(),
                      [](const std::string& line) { return line.starts_with(kCreatedBy); });
}

bool waits_by_design(const Group& group, const StuckWait& wait) {
  if (has_frame(group, "internal/poll.(*FD).Accept")) return true;
  if (is_main(group)) return wait.is_for_arrival || group.state == "select (no cases)";
  if (!is_of_the_library(group)) return false;
  // net/http/transport.go, readLoop: an idle connection reads; in a select it waits for the caller
  // to read or close the body of a response.
  const bool holds_body = wait.on == StuckOn::kChannel && !group.stack.empty() &&
                          has_frame(group, "net/http.(*persistConn).readLoop");
  return !holds_body;
}

std::string_view to_words(StuckOn on) {
  switch (on) {
    case StuckOn::kChannel:
      return "a channel";
    case StuckOn::kLock:
      return "a lock";
    case StuckOn::kIo:
      return "I/O";
  }
  return "something";
}

}  // namespace

std::vector<StuckGroup> stuck_goroutines(const Breakdown& breakdown, const StuckLimits& limits) {
  std::vector<StuckGroup> result;
  if (breakdown.kind != CaptureKind::kGoroutine) return result;
  for (const Group& group : breakdown.groups) {
    if (!group.longest_wait || *group.longest_wait < limits.min_wait) continue;
    const std::optional<StuckWait> wait = wait_of(group);
    if (!wait || waits_by_design(group, *wait)) continue;
    const bool is_response = is_of_the_library(group);
    if (wait->is_for_arrival && !is_response && group.count < limits.min_waiting_for_arrival) {
      continue;
    }
    result.push_back({group, wait->on});
  }
  std::stable_sort(result.begin(), result.end(), [](const StuckGroup& a, const StuckGroup& b) {
    return a.group.count > b.group.count;
  });
  if (result.size() > limits.max_groups) result.resize(limits.max_groups);
  return result;
}

std::string describe(const StuckGroup& stuck) {
  const Group& group = stuck.group;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(
      group.longest_wait.value_or(milliseconds(0)));
  std::string text =
      group.count == 1
          ? fmt::format("1 goroutine waits on {} ({}) for", to_words(stuck.on), group.state)
          : fmt::format("{} goroutines wait on {} ({}), the longest for", group.count,
                        to_words(stuck.on), group.state);
  text += fmt::format(" {} minutes: {}", minutes.count(), group.name);
  if (!group.location.empty()) text += fmt::format(" ({})", group.location);
  return text;
}

}  // namespace soakwatch
