#include "evidence/goroutine_dump.h"

#include "evidence/goroutine_counts.h"
#include "evidence/goroutine_traceback.h"

namespace soakwatch {

Result<Breakdown> parse_goroutine_dump(std::string_view text, const GoroutineDumpLimits& limits) {
  if (text.empty()) return invalid("an empty goroutine dump");
  if (text.starts_with(kGoroutineCountsHead)) return parse_goroutine_counts(text, limits);
  return parse_goroutine_traceback(text, limits);
}

}  // namespace soakwatch
