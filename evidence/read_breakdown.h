// A capture of any kind, taken apart.
#pragma once

#include <cstddef>
#include <string_view>

#include "evidence/breakdown.h"
#include "evidence/execution_trace.h"
#include "evidence/goroutine_dump.h"
#include "evidence/profile.h"
#include "model/result.h"

namespace soakwatch {

struct CaptureLimits {
  // Profiles have a limit of their own.
  std::size_t max_decompressed_bytes = std::size_t{256} << 20;
  ProfileLimits profile;
  GoroutineDumpLimits goroutines;
  ExecutionTraceLimits trace;
};

// Tells by the content what was captured, plain or gzip: a profile, a goroutine dump, an
// execution trace, the text of collectors/procfs/fd_table.h, smaps. Errors: kInvalid (no capture,
// or damaged), kTooLarge.
Result<Breakdown> read_breakdown(std::string_view bytes, const CaptureLimits& limits = {});

}  // namespace soakwatch
