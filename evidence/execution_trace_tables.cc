#include "evidence/execution_trace_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace soakwatch {
namespace {

Error too_many(std::string_view what, std::size_t limit) {
  return {ErrorKind::kTooLarge,
          fmt::format("an execution trace with more than {} {}", limit, what)};
}

bool is_of_tracer_function(std::string_view function) {
  return function.starts_with("runtime/trace.") || function.starts_with("net/http/pprof.");
}

void append(std::string& key, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) key += static_cast<char>((value >> shift) & 0xff);
}

}  // namespace

TraceTables::TraceTables(const ExecutionTraceLimits& limits)
    : limits_(limits), strings_{""}, known_strings_{{"", kNoTraceString}}, stacks_(1) {
  known_stacks_.emplace("", kNoTraceStack);
}

void TraceTables::begin_generation() {
  string_ids_.clear();
  stack_ids_.clear();
}

Result<void> TraceTables::add_string(std::uint64_t id, std::string_view text) {
  if (string_ids_.size() >= limits_.max_strings) return too_many("strings", limits_.max_strings);
  const auto next = static_cast<TraceStringId>(strings_.size());
  const auto [known, is_new] = known_strings_.emplace(text, next);
  if (is_new) {
    if (strings_.size() >= limits_.max_strings) return too_many("strings", limits_.max_strings);
    strings_.push_back(text);
  }
  string_ids_.emplace(id, known->second);
  return {};
}

Result<void> TraceTables::add_stack(std::uint64_t id, std::span<const TraceFrame> frames) {
  if (stack_ids_.size() >= limits_.max_stacks) return too_many("stacks", limits_.max_stacks);
  std::vector<Line> lines;
  lines.reserve(frames.size());
  std::string key;
  key.reserve(frames.size() * sizeof(Line));
  constexpr std::size_t kMaxFramesOfStack = 128;  // what Go itself keeps of one
  for (const TraceFrame& frame : frames.first(std::min(frames.size(), kMaxFramesOfStack))) {
    constexpr std::uint64_t kLast = std::numeric_limits<std::uint32_t>::max();
    lines.push_back({string(frame.function), string(frame.file),
                     static_cast<std::uint32_t>(std::min(frame.line, kLast))});
    append(key, lines.back().function);
    append(key, lines.back().file);
    append(key, lines.back().line);
  }
  const auto next = static_cast<TraceStackId>(stacks_.size());
  const auto [known, is_new] = known_stacks_.emplace(std::move(key), next);
  if (is_new) {
    if (stacks_.size() >= limits_.max_stacks) return too_many("stacks", limits_.max_stacks);
    if (lines_.size() + lines.size() > limits_.max_frames) {
      return too_many("frames", limits_.max_frames);
    }
    Stack stack{lines_.size(), lines.size()};
    for (const Line& line : lines) {
      const std::string_view function = text(line.function);
      stack.has_own = stack.has_own || is_own(function);
      stack.is_of_tracer = stack.is_of_tracer || is_of_tracer_function(function);
      stack.is_accept = stack.is_accept || function == "internal/poll.(*FD).Accept";
    }
    lines_.insert(lines_.end(), lines.begin(), lines.end());
    stacks_.push_back(stack);
  }
  stack_ids_.emplace(id, known->second);
  return {};
}

TraceStringId TraceTables::string(std::uint64_t id) const {
  const auto found = string_ids_.find(id);
  return found == string_ids_.end() ? kNoTraceString : found->second;
}

TraceStackId TraceTables::stack(std::uint64_t id) const {
  const auto found = stack_ids_.find(id);
  return found == stack_ids_.end() ? kNoTraceStack : found->second;
}

std::size_t TraceTables::depth(TraceStackId stack) const { return stacks_[stack].depth; }

TraceStringId TraceTables::innermost(TraceStackId stack) const {
  return depth(stack) == 0 ? kNoTraceString : lines_[stacks_[stack].first].function;
}

TraceStringId TraceTables::outermost(TraceStackId stack) const {
  const Stack& of = stacks_[stack];
  return of.depth == 0 ? kNoTraceString : lines_[of.first + of.depth - 1].function;
}

std::vector<Frame> TraceTables::frames(TraceStackId stack) const {
  std::vector<Frame> frames;
  const Stack& of = stacks_[stack];
  for (std::size_t i = of.first; i < of.first + of.depth; ++i) {
    const Line& line = lines_[i];
    frames.push_back({std::string(text(line.function)), std::string(text(line.file)), line.line});
  }
  return frames;
}

}  // namespace soakwatch
