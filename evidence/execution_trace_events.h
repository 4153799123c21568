// The bytes of an execution trace, as events. Knows the formats, and nothing of what the events
// mean.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "evidence/execution_trace_tables.h"
#include "model/result.h"

namespace soakwatch {

struct TraceEvent {
  enum class Kind : std::uint8_t {
    kRun,     // `goroutine` runs on the lane from here on
    kLeave,   // none runs there any more
    kEnd,     // the goroutine that runs there ends; none runs there any more
    kBlock,   // as kLeave, and `stack` is what waits
    kCreate,  // the goroutine that runs there creates `goroutine`; `created` is the stack it begins
              // with
    kCall,    // a call of the system or into C
    kExisted,  // `goroutine`, which the trace says is created, existed before it
    kStatus,   // what the trace begins with: `goroutine` runs on the lane
    kStack,    // the same for any goroutine: where it is
  };
  Kind kind = Kind::kRun;
  std::uint64_t lane = 0;  // of the processor (Go 1.21 and earlier) or the thread
  std::uint64_t goroutine = 0;
  TraceStackId stack = kNoTraceStack;
  TraceStackId created = kNoTraceStack;
};

using TraceEventHandler = std::function<void(const TraceEvent&)>;

// Who hears of the events. Each generation is read twice, with the tables complete: what ran where
// and who created whom is known only when all of it was read.
struct TraceListener {
  std::function<void()> begin_generation;
  TraceEventHandler first;
  std::function<void()> between;
  TraceEventHandler second;
};

// Of Go 1.11 to 1.21, and of Go 1.22 and later; `body` is what follows the 16 bytes of the header.
// The value: whether the trace is cut off. Errors: kInvalid, kTooLarge.
Result<bool> read_trace_v1(std::string_view body, TraceTables& tables,
                           const TraceListener& listener);
Result<bool> read_trace_v2(std::string_view body, const ExecutionTraceLimits& limits,
                           TraceTables& tables, const TraceListener& listener);

}  // namespace soakwatch
