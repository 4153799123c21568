// Who calls what in an execution trace: its events, added up.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "evidence/breakdown.h"
#include "evidence/execution_trace.h"
#include "evidence/execution_trace_events.h"
#include "evidence/execution_trace_tables.h"

namespace soakwatch {

// Hears of the events of one generation after the other, each in two passes; see TraceListener.
// `tables` must outlive it.
class TraceCalls {
 public:
  TraceCalls(const TraceTables& tables, const ExecutionTraceLimits& limits)
      : tables_(tables), limits_(limits) {}

  void begin_generation();
  void learn(const TraceEvent& event);  // the first pass: who created whom
  void begin_counting();
  void count(const TraceEvent& event);  // the second

  [[nodiscard]] Breakdown breakdown(bool truncated) const;

 private:
  struct Goroutine {
    TraceStackId creation = kNoTraceStack;  // unknown for one from before the trace
    std::uint64_t creator = 0;              // 0: unknown
    TraceStringId function = kNoTraceString;
  };
  enum class What : std::uint8_t { kCall, kStart, kEnd, kNothingAccepted };

  void follow(const TraceEvent& event);
  [[nodiscard]] std::uint64_t running_on(std::uint64_t lane) const;
  void add(What what, TraceStringId function, TraceStackId stack, std::uint64_t goroutine);
  [[nodiscard]] Group group_of(const std::u32string& key) const;
  [[nodiscard]] std::string state_of(What what, TraceStringId function, TraceStackId stack) const;

  const TraceTables& tables_;
  ExecutionTraceLimits limits_;
  std::unordered_map<std::uint64_t, Goroutine> goroutines_;
  // Stacks that goroutines from before the trace seem to have been created with.
  std::unordered_set<TraceStackId> not_creations_;
  std::unordered_map<std::uint64_t, std::uint64_t> running_;           // by lane
  std::unordered_map<std::uint64_t, std::uint64_t> running_at_start_;  // of the generation, by lane
  // What, the function of a goroutine, the stack, and the stacks that created its goroutine.
  std::unordered_map<std::u32string, double> counts_;
  double left_out_ = 0;
};

}  // namespace soakwatch
