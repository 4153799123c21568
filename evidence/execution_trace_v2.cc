// The format of Go 1.22 and later: internal/trace/tracev2 and internal/trace/generation.go of Go
// 1.26. Versions add types of events, and change none.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "evidence/execution_trace_events.h"
#include "evidence/execution_trace_input.h"

namespace soakwatch {
namespace {

using Kind = TraceEvent::Kind;

// tracev2/spec.go
constexpr std::size_t kMaxBatchBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxFramesOfStack = 128;
constexpr std::size_t kMaxValues = 5;

// The numbers of tracev2/events.go, without "Ev".
enum Type : std::uint8_t {
  kEventBatch = 1,
  kStacks = 2,
  kStackEntry = 3,
  kStrings = 4,
  kString = 5,
  kCpuSamples = 6,
  kFrequency = 8,
  kProcsChange = 9,
  kGoCreate = 14,
  kGoCreateSyscall = 15,
  kGoStart = 16,
  kGoDestroy = 17,
  kGoDestroySyscall = 18,
  kGoStop = 19,
  kGoBlock = 20,
  kGoSyscallBegin = 22,
  kGoSyscallEndBlocked = 24,
  kGoStatus = 25,
  kGoSwitch = 45,
  kGoSwitchDestroy = 46,
  kGoCreateBlocked = 47,
  kGoStatusStack = 48,
  kExperimentalBatch = 49,
  kSync = 50,
  kEndOfGeneration = 52,
  kSpan = 128,
};
// Values of each type of event in a batch of events, the time included; from kProcsChange on.
constexpr std::array<std::uint8_t, 43> kValues{3, 3, 1, 4, 3, 4, 2, 3, 1, 1, 3, 3, 4, 3, 1,
                                               1, 4, 3, 1, 2, 3, 2, 2, 2, 3, 2, 2, 1, 2, 2,
                                               2, 5, 3, 4, 4, 5, 3, 3, 4, 5, 0, 0, 4};
// The same of the experiment AllocFree, from kSpan on.
constexpr std::array<std::uint8_t, 9> kExperimentalValues{4, 4, 2, 3, 3, 2, 3, 3, 2};
constexpr std::uint64_t kRunning = 2;  // GoStatus
constexpr std::uint64_t kInSyscall = 3;

// 0: there is no such event.
std::size_t values_of(std::uint8_t type) {
  if (type >= kProcsChange && type < kProcsChange + kValues.size()) {
    return kValues[type - kProcsChange];
  }
  if (type >= kSpan && type < kSpan + kExperimentalValues.size()) {
    return kExperimentalValues[type - kSpan];
  }
  return 0;
}

struct Batch {
  std::uint64_t thread = 0;
  std::size_t offset = 0;  // in the body
  std::string_view bytes;
};

Error damaged(std::string_view what, std::size_t offset) {
  constexpr std::size_t kHeaderBytes = 16;
  return invalid(
      fmt::format("a damaged execution trace: {} at byte {}", what, kHeaderBytes + offset));
}

// Takes the batches of one generation after the other.
class Batches {
 public:
  Batches(std::string_view body, std::size_t max_batches)
      : input_(body), max_batches_(max_batches) {}

  [[nodiscard]] bool is_cut_off() const { return input_.is_cut_off(); }

  // Empty at the end.
  Result<std::vector<Batch>> next_generation() {
    std::vector<Batch> batches;
    if (pending_) batches.push_back(*pending_);
    pending_.reset();
    while (!input_.at_end()) {
      const std::size_t offset = input_.position();
      const std::uint8_t type = input_.byte();
      if (type == kEndOfGeneration) {
        if (batches.empty()) continue;
        return batches;
      }
      if (type != kEventBatch && type != kExperimentalBatch) {
        return damaged(fmt::format("event {} where a batch should begin", type), offset);
      }
      if (type == kExperimentalBatch) input_.byte();
      const std::uint64_t generation = input_.number();
      Batch batch;
      batch.thread = input_.number();
      input_.number();  // time
      const std::uint64_t length = input_.number();
      if (!input_.failed() && length > kMaxBatchBytes) return damaged("a batch too long", offset);
      batch.offset = input_.position();
      batch.bytes = input_.text(length);
      if (input_.is_cut_off()) break;
      if (input_.failed()) return damaged("a number too large", offset);
      const bool is_next = generation != generation_ && !batches.empty();
      generation_ = generation;
      if (type == kExperimentalBatch) batch.bytes = {};
      if (is_next) {  // before Go 1.26 nothing else ends a generation
        pending_ = batch;
        return batches;
      }
      if (batches.size() >= max_batches_) {
        return Error{ErrorKind::kTooLarge,
                     fmt::format("an execution trace with more than {} batches", max_batches_)};
      }
      batches.push_back(batch);
    }
    return batches;
  }

 private:
  TraceInput input_;
  std::size_t max_batches_;
  std::uint64_t generation_ = 0;
  std::optional<Batch> pending_;
};

bool begins_with(const Batch& batch, std::uint8_t type) {
  return !batch.bytes.empty() && static_cast<std::uint8_t>(batch.bytes.front()) == type;
}

Result<void> read_strings(const Batch& batch, TraceTables& tables) {
  TraceInput input(batch.bytes);
  input.byte();
  while (!input.at_end()) {
    const std::uint8_t type = input.byte();
    const std::uint64_t id = input.number();
    const std::string_view text = input.text(input.number());
    if (type != kString || input.failed()) return damaged("a bad table of strings", batch.offset);
    if (auto added = tables.add_string(id, text); !added) return added;
  }
  return {};
}

Result<void> read_stacks(const Batch& batch, TraceTables& tables) {
  TraceInput input(batch.bytes);
  input.byte();
  std::vector<TraceFrame> frames;
  while (!input.at_end()) {
    const std::uint8_t type = input.byte();
    const std::uint64_t id = input.number();
    const std::uint64_t depth = input.number();
    if (type != kStackEntry || input.failed() || depth > kMaxFramesOfStack) {
      return damaged("a bad table of stacks", batch.offset);
    }
    frames.clear();
    for (std::uint64_t i = 0; i < depth; ++i) {
      input.number();  // address
      TraceFrame frame;
      frame.function = input.number();
      frame.file = input.number();
      frame.line = input.number();
      frames.push_back(frame);
    }
    if (input.failed()) return damaged("a bad table of stacks", batch.offset);
    if (auto added = tables.add_stack(id, frames); !added) return added;
  }
  return {};
}

using Values = std::array<std::uint64_t, kMaxValues>;

void hand_on(std::uint8_t type, const Values& values, std::uint64_t thread,
             const TraceTables& tables, const TraceEventHandler& handler) {
  TraceEvent event;
  event.lane = thread;
  switch (type) {
    case kGoCreate:
    case kGoCreateBlocked:  // time, goroutine, the stack it begins with, stack
      event.kind = Kind::kCreate;
      event.goroutine = values[1];
      event.created = tables.stack(values[2]);
      event.stack = tables.stack(values[3]);
      break;
    case kGoSwitchDestroy:
      event.kind = Kind::kEnd;
      handler(event);
      [[fallthrough]];
    case kGoStart:
    case kGoSwitch:
    case kGoCreateSyscall:  // C calls Go
      event.kind = Kind::kRun;
      event.goroutine = values[1];
      break;
    case kGoDestroy:
    case kGoDestroySyscall:
      event.kind = Kind::kEnd;
      break;
    case kGoStop:
    case kGoSyscallEndBlocked:
      event.kind = Kind::kLeave;
      break;
    case kGoBlock:
    case kGoSyscallBegin:  // time, reason or sequence, stack
      event.kind = type == kGoBlock ? Kind::kBlock : Kind::kCall;
      event.stack = tables.stack(values[2]);
      break;
    case kGoStatus:
    case kGoStatusStack:  // time, goroutine, thread, status, stack
      event.goroutine = values[1];
      if (type == kGoStatusStack) {
        event.kind = Kind::kStack;
        event.stack = tables.stack(values[4]);
        handler(event);
      }
      if (values[3] != kRunning && values[3] != kInSyscall) return;
      event.kind = Kind::kStatus;
      event.lane = values[2];
      break;
    default:
      return;
  }
  handler(event);
}

Result<void> read_events(const Batch& batch, const TraceTables& tables,
                         const TraceEventHandler& handler) {
  TraceInput input(batch.bytes);
  while (!input.at_end()) {
    const std::size_t offset = batch.offset + input.position();
    const std::uint8_t type = input.byte();
    const std::size_t count = values_of(type);
    if (count == 0) return damaged(fmt::format("unknown event {}", type), offset);
    Values values{};
    for (std::size_t i = 0; i < count; ++i) values[i] = input.number();
    if (input.failed()) return damaged("an event of wrong length", offset);
    hand_on(type, values, batch.thread, tables, handler);
  }
  return {};
}

bool has_events(const Batch& batch) {
  return !batch.bytes.empty() && !begins_with(batch, kStrings) && !begins_with(batch, kStacks) &&
         !begins_with(batch, kCpuSamples) && !begins_with(batch, kFrequency) &&
         !begins_with(batch, kSync);
}

Result<void> read_generation(const std::vector<Batch>& batches, TraceTables& tables,
                             const TraceListener& listener) {
  tables.begin_generation();
  for (const Batch& batch : batches) {
    if (!begins_with(batch, kStrings)) continue;
    if (auto read = read_strings(batch, tables); !read) return read;
  }
  for (const Batch& batch : batches) {
    if (!begins_with(batch, kStacks)) continue;
    if (auto read = read_stacks(batch, tables); !read) return read;
  }
  listener.begin_generation();
  for (const Batch& batch : batches) {
    if (!has_events(batch)) continue;
    if (auto read = read_events(batch, tables, listener.first); !read) return read;
  }
  listener.between();
  for (const Batch& batch : batches) {
    if (!has_events(batch)) continue;
    if (auto read = read_events(batch, tables, listener.second); !read) return read;
  }
  return {};
}

}  // namespace

Result<bool> read_trace_v2(std::string_view body, const ExecutionTraceLimits& limits,
                           TraceTables& tables, const TraceListener& listener) {
  Batches all(body, limits.max_batches);
  while (true) {
    const auto batches = all.next_generation();
    if (!batches) return batches.error();
    if (batches->empty()) break;
    if (auto read = read_generation(*batches, tables, listener); !read) return read.error();
  }
  return all.is_cut_off();
}

}  // namespace soakwatch
