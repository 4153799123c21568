#include "evidence/execution_trace.h"

#include <fmt/format.h>

#include "evidence/execution_trace_calls.h"
#include "evidence/execution_trace_events.h"
#include "evidence/execution_trace_tables.h"

namespace soakwatch {
namespace {

constexpr std::size_t kHeaderBytes = 16;
constexpr std::string_view kBeginning = "go 1.";
constexpr int kOldest = 11;  // of what the tools of Go read
constexpr int kFirstOfV2 = 22;

// 22 of "go 1.22 trace", filled up with zeros; 0: no header.
int minor_version(std::string_view bytes) {
  if (!is_execution_trace(bytes)) return 0;
  int version = 0;
  for (std::size_t i = kBeginning.size(); bytes[i] != ' '; ++i) {
    version = version * 10 + (bytes[i] - '0');
  }
  return version;
}

}  // namespace

bool is_execution_trace(std::string_view bytes) {
  const std::string_view header = bytes.substr(0, kHeaderBytes);
  if (header.size() < kHeaderBytes || !header.starts_with(kBeginning)) return false;
  const std::size_t space = header.find_first_not_of("0123456789", kBeginning.size());
  if (space == std::string_view::npos || space == kBeginning.size()) return false;
  std::string rest(" trace");
  rest.resize(kHeaderBytes - std::min(space, kHeaderBytes), '\0');
  return space <= kBeginning.size() + 3 && header.substr(space) == rest;
}

Result<Breakdown> parse_execution_trace(std::string_view bytes,
                                        const ExecutionTraceLimits& limits) {
  const int version = minor_version(bytes);
  if (version == 0) return invalid("no execution trace");
  if (version < kOldest) {
    return invalid(fmt::format("an execution trace of Go 1.{}, older than 1.{}", version, kOldest));
  }
  TraceTables tables(limits);
  TraceCalls calls(tables, limits);
  const TraceListener listener{[&calls] { calls.begin_generation(); },
                               [&calls](const TraceEvent& event) { calls.learn(event); },
                               [&calls] { calls.begin_counting(); },
                               [&calls](const TraceEvent& event) { calls.count(event); }};
  const std::string_view body = bytes.substr(kHeaderBytes);
  const auto is_cut_off = version < kFirstOfV2 ? read_trace_v1(body, tables, listener)
                                               : read_trace_v2(body, limits, tables, listener);
  if (!is_cut_off) return is_cut_off.error();
  return calls.breakdown(*is_cut_off);
}

}  // namespace soakwatch
