// Stacks of an execution trace. The format numbers strings and stacks anew in each generation; here
// they have one number for the whole trace.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "evidence/execution_trace.h"
#include "evidence/frame.h"
#include "model/result.h"

namespace soakwatch {

using TraceStackId = std::uint32_t;
inline constexpr TraceStackId kNoTraceStack = 0;
using TraceStringId = std::uint32_t;
inline constexpr TraceStringId kNoTraceString = 0;

// Of a stack, as the trace numbers strings.
struct TraceFrame {
  std::uint64_t function = 0;
  std::uint64_t file = 0;
  std::uint64_t line = 0;
};

// The bytes of the trace must outlive it. Errors: kTooLarge.
class TraceTables {
 public:
  explicit TraceTables(const ExecutionTraceLimits& limits);

  void begin_generation();
  Result<void> add_string(std::uint64_t id, std::string_view text);
  // Once the strings of the generation are there; `frames` begin with the innermost one.
  Result<void> add_stack(std::uint64_t id, std::span<const TraceFrame> frames);

  // kNoTraceStack where the generation has none of this number.
  [[nodiscard]] TraceStackId stack(std::uint64_t id) const;

  // What follows knows kNoTraceStack as a stack without frames.
  [[nodiscard]] std::size_t depth(TraceStackId stack) const;
  // The innermost function, kNoTraceString for a stack without frames.
  [[nodiscard]] TraceStringId innermost(TraceStackId stack) const;
  [[nodiscard]] TraceStringId outermost(TraceStackId stack) const;
  [[nodiscard]] std::vector<Frame> frames(TraceStackId stack) const;
  [[nodiscard]] std::string_view text(TraceStringId string) const { return strings_[string]; }

  [[nodiscard]] bool has_own_frame(TraceStackId stack) const { return stacks_[stack].has_own; }
  // Of the tracer and of the server of traces.
  [[nodiscard]] bool is_of_tracer(TraceStackId stack) const { return stacks_[stack].is_of_tracer; }
  // Within Accept of a listener.
  [[nodiscard]] bool is_accept(TraceStackId stack) const { return stacks_[stack].is_accept; }

 private:
  struct Line {
    TraceStringId function = kNoTraceString;
    TraceStringId file = kNoTraceString;
    std::uint32_t line = 0;
  };
  struct Stack {
    std::size_t first = 0;  // of lines_
    std::size_t depth = 0;
    bool has_own = false;
    bool is_of_tracer = false;
    bool is_accept = false;
  };
  [[nodiscard]] TraceStringId string(std::uint64_t id) const;

  ExecutionTraceLimits limits_;
  std::vector<std::string_view> strings_;
  std::unordered_map<std::string_view, TraceStringId> known_strings_;
  std::vector<Line> lines_;
  std::vector<Stack> stacks_;
  std::unordered_map<std::string, TraceStackId> known_stacks_;
  // Of this generation, by the numbers in the trace.
  std::unordered_map<std::uint64_t, TraceStringId> string_ids_;
  std::unordered_map<std::uint64_t, TraceStackId> stack_ids_;
};

}  // namespace soakwatch
