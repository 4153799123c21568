#include "evidence/execution_trace_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "evidence/frame.h"
#include "evidence/stack_key.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

using Kind = TraceEvent::Kind;

// A library's goroutine is started by another one of it at most twice in a row (net/http: dial,
// then read).
constexpr std::size_t kMaxCreators = 6;
constexpr std::size_t kMaxShownFrames = 256;  // of a call and what created its goroutine

// "Close" of "syscall.Close", "_Cfunc_free" of "example.com/db._Cfunc_free".
std::string_view last_name(std::string_view function) {
  const std::size_t slash = function.rfind('/');
  const std::size_t dot = function.rfind('.');
  if (dot == std::string_view::npos || (slash != std::string_view::npos && dot < slash)) {
    return function;
  }
  return function.substr(dot + 1);
}

bool is_of_system_package(std::string_view function) {
  return function.starts_with("syscall.") || function.starts_with("internal/syscall/unix.") ||
         function.starts_with("golang.org/x/sys/unix.");
}

// The passage below the function that is named after the system call: "syscall.Syscall6".
bool is_raw_call(std::string_view name) {
  return name.starts_with("Syscall") || name.starts_with("RawSyscall") ||
         name.starts_with("syscall") || name.starts_with("rawSyscall");
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// What the innermost frames say is called; "system call" where they do not.
std::string called(const std::vector<Frame>& stack) {
  for (const Frame& frame : stack) {
    const std::string_view name = last_name(frame.function);
    for (const std::string_view passage : {"_Cfunc_", "_C2func_"}) {
      if (name.starts_with(passage)) {
        return "calls C: " + printable(name.substr(passage.size()));
      }
    }
    if (is_of_runtime(frame.function)) continue;
    if (!is_of_system_package(frame.function)) break;
    if (!is_raw_call(name)) return printable(lower(name));
  }
  return "system call";
}

std::vector<std::string> shown(const std::vector<Frame>& frames) {
  std::vector<std::string> lines;
  lines.reserve(frames.size());
  for (const Frame& frame : frames) lines.push_back(to_string(frame));
  return lines;
}

}  // namespace

void TraceCalls::begin_generation() {
  running_.clear();
  running_at_start_.clear();
}

void TraceCalls::begin_counting() { running_ = running_at_start_; }

std::uint64_t TraceCalls::running_on(std::uint64_t lane) const {
  const auto found = running_.find(lane);
  return found == running_.end() ? 0 : found->second;
}

void TraceCalls::follow(const TraceEvent& event) {
  switch (event.kind) {
    case Kind::kRun:
      running_[event.lane] = event.goroutine;
      break;
    case Kind::kStatus:
      running_at_start_.emplace(event.lane, event.goroutine);
      running_.emplace(event.lane, event.goroutine);
      break;
    case Kind::kLeave:
    case Kind::kEnd:
    case Kind::kBlock:
      running_[event.lane] = 0;
      break;
    case Kind::kCreate:
    case Kind::kCall:
    case Kind::kExisted:
    case Kind::kStack:
      break;
  }
}

void TraceCalls::learn(const TraceEvent& event) {
  const bool is_room = goroutines_.size() < limits_.max_goroutines;
  if (event.kind == Kind::kCreate) {
    if (is_room) {
      goroutines_[event.goroutine] = {event.stack, running_on(event.lane),
                                      tables_.innermost(event.created)};
    }
  } else if (event.kind == Kind::kExisted) {
    const auto found = goroutines_.find(event.goroutine);
    if (found != goroutines_.end() && found->second.creation != kNoTraceStack) {
      not_creations_.insert(found->second.creation);
    }
  } else if (event.kind == Kind::kStack && is_room) {
    goroutines_.emplace(event.goroutine,
                        Goroutine{kNoTraceStack, 0, tables_.outermost(event.stack)});
  }
  follow(event);
}

void TraceCalls::count(const TraceEvent& event) {
  const std::uint64_t running = running_on(event.lane);
  switch (event.kind) {
    case Kind::kCall:
      add(What::kCall, kNoTraceString, event.stack, running);
      break;
    case Kind::kBlock:
      if (tables_.is_accept(event.stack)) {
        add(What::kNothingAccepted, kNoTraceString, event.stack, running);
      }
      break;
    case Kind::kCreate:
      if (!not_creations_.contains(event.stack)) {
        add(What::kStart, tables_.innermost(event.created), event.stack, running);
      }
      break;
    case Kind::kEnd: {
      const auto found = goroutines_.find(running);
      if (found == goroutines_.end()) break;
      const Goroutine& ended = found->second;
      const bool is_new = !not_creations_.contains(ended.creation);
      add(What::kEnd, ended.function, is_new ? ended.creation : kNoTraceStack,
          is_new ? ended.creator : 0);
      break;
    }
    default:
      break;
  }
  follow(event);
}

void TraceCalls::add(What what, TraceStringId function, TraceStackId stack,
                     std::uint64_t goroutine) {
  std::vector<TraceStackId> stacks{stack};
  bool is_known = tables_.has_own_frame(stack);
  bool is_of_tracer = tables_.is_of_tracer(stack);
  while (!is_known && !is_of_tracer && stacks.size() <= kMaxCreators) {
    const auto found = goroutines_.find(goroutine);
    if (found == goroutines_.end()) break;
    const TraceStackId creation = found->second.creation;
    if (tables_.depth(creation) == 0 || not_creations_.contains(creation)) break;
    stacks.push_back(creation);
    is_known = tables_.has_own_frame(creation);
    is_of_tracer = tables_.is_of_tracer(creation);
    goroutine = found->second.creator;
  }
  if (is_of_tracer) return;
  if (!is_known) stacks.resize(1);
  if (what != What::kStart && what != What::kEnd && tables_.depth(stack) == 0) {
    left_out_ += what == What::kCall ? 1 : 0;
    return;
  }
  std::u32string key{static_cast<char32_t>(what), static_cast<char32_t>(function)};
  for (const TraceStackId one : stacks) key += static_cast<char32_t>(one);
  const auto found = counts_.find(key);
  if (found != counts_.end()) {
    ++found->second;
  } else if (counts_.size() < limits_.max_calls) {
    counts_.emplace(std::move(key), 1);
  } else {
    left_out_ += what == What::kNothingAccepted ? 0 : 1;
  }
}

std::string TraceCalls::state_of(What what, TraceStringId function, TraceStackId stack) const {
  const std::string goroutine =
      function == kNoTraceString ? "a goroutine" : printable(tables_.text(function));
  switch (what) {
    case What::kStart:
      return "starts " + goroutine;
    case What::kEnd:
      return "ends " + goroutine;
    case What::kNothingAccepted:
      return "accept4";
    case What::kCall:
      break;
  }
  return called(tables_.frames(stack));
}

Group TraceCalls::group_of(const std::u32string& key) const {
  const auto what = static_cast<What>(key[0]);
  const auto function = static_cast<TraceStringId>(key[1]);
  Group group;
  group.state = state_of(what, function, key[2]);
  std::vector<Frame> frames;
  for (std::size_t i = 2; i < key.size() && frames.size() < kMaxShownFrames; ++i) {
    const std::vector<Frame> stack = tables_.frames(key[i]);
    std::vector<std::string> lines = shown(stack);
    if (i > 2 && !lines.empty()) lines.front().insert(0, "created by ");
    group.stack.insert(group.stack.end(), lines.begin(), lines.end());
    frames.insert(frames.end(), stack.begin(), stack.end());
  }
  // A timer's goroutine is created by no frame: then it is named after what it begins with.
  if (frames.empty()) frames.push_back({std::string(tables_.text(function)), "", 0});
  const Frame& named = frames[naming_frame(frames)];
  group.name = named.function.empty() ? "unknown function" : printable(named.function);
  group.location = location_of(named);
  group.key = fmt::format("{} | {} ({})", group.state, group.name, group.location);
  return group;
}

Breakdown TraceCalls::breakdown(bool truncated) const {
  struct Sum {
    Group group;
    double heaviest = 0;
  };
  std::map<std::string, Sum> sums;
  for (const auto& [key, count] : counts_) {
    const bool is_call = static_cast<What>(key[0]) != What::kNothingAccepted;
    Group group = group_of(key);
    Sum& sum = sums[group.key];
    const double total = sum.group.count + (is_call ? count : -count);
    const bool is_heavier = is_call && (count > sum.heaviest ||
                                        (count == sum.heaviest && group.stack < sum.group.stack));
    if (is_heavier || sum.group.key.empty()) {
      sum.group = std::move(group);
      sum.heaviest = is_call ? count : 0;
    }
    sum.group.count = total;
  }
  Breakdown result;
  result.kind = CaptureKind::kTrace;
  result.truncated = truncated;
  result.total_count = left_out_;
  for (auto& [key, sum] : sums) {
    if (sum.group.count <= 0) continue;
    result.total_count += sum.group.count;
    result.groups.push_back(std::move(sum.group));
  }
  std::stable_sort(result.groups.begin(), result.groups.end(),
                   [](const Group& a, const Group& b) { return a.count > b.count; });
  if (result.groups.size() > limits_.max_groups) result.groups.resize(limits_.max_groups);
  return result;
}

}  // namespace soakwatch
