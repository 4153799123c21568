// The text of /debug/pprof/heap?debug=1, at whose end the runtime's MemStats stand.
#pragma once

#include <string_view>

#include "model/metric.h"
#include "model/result.h"

namespace soakwatch {

// The metrics of Source::kPprofHeap that the text has. Only its last 64 KiB are looked at: the
// records of the profile come first, and there may be megabytes of them. A value that is cut short,
// not a number, negative or impossibly large is left out; so is next_gc_bytes when the collector is
// off, for then the runtime prints a number near 2^63.
//
// gc_pause_seconds_total: no Go version prints the total; the text has the last 256 pauses. Their
// sum is the total as long as no more than 256 collections have run, and missing afterwards.
//
// Error kInvalid: no MemStats, or none of the values.
Result<MetricValues> parse_memstats_text(std::string_view text);

}  // namespace soakwatch
