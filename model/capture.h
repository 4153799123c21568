// What was fetched from a process to learn who is behind a growth: a profile, its open files, its
// memory map.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/sample.h"
#include "model/timestamp.h"

namespace soakwatch {

using CaptureId = std::int64_t;

enum class CaptureKind : std::uint8_t {
  kHeap,       // pprof's `heap`: live memory by call site
  kAllocs,     // pprof's `allocs`: all allocations since the start
  kGoroutine,  // goroutines by stack: a profile, or the text of ?debug=1 or ?debug=2
  kCpu,        // pprof's `profile`
  kFds,        // open descriptors: collectors/procfs/fd_table.h says the form
  kMappings,   // /proc/PID/smaps
  kTrace,      // pprof's `trace`: calls of the system and into C, new goroutines
};
std::string_view to_string(CaptureKind kind);  // "heap", "allocs", "goroutine", "cpu", ...
std::optional<CaptureKind> capture_kind_from_string(std::string_view text);

enum class CaptureReason : std::uint8_t {
  kBaseline,   // the process was healthy, as far as the detectors saw
  kSuspicion,  // a detector suspects a leak
  kFiring,     // an alert fired
  kFinal,      // the end of a soak
  kManual,     // a person asked
};
std::string_view to_string(CaptureReason reason);  // "baseline", ...
std::optional<CaptureReason> capture_reason_from_string(std::string_view text);

struct Capture {
  CaptureId id = 0;
  TargetId target = 0;
  InstanceId instance = 0;
  CaptureKind kind = CaptureKind::kHeap;
  CaptureReason reason = CaptureReason::kManual;
  WallTime time;                 // when the fetch ended
  std::optional<AlertId> alert;  // that it was made for
  std::string file;              // name in the folder of captures
  std::int64_t bytes = 0;        // of the file
};

}  // namespace soakwatch
