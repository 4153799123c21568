#include "evidence/read_breakdown.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "evidence/fd_breakdown.h"
#include "evidence/gunzip.h"
#include "evidence/mapping_breakdown.h"
#include "evidence/profile_breakdown.h"

namespace soakwatch {
namespace {

bool begins_with_any(std::string_view text, const auto& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [text](std::string_view beginning) { return text.starts_with(beginning); });
}

// A dump by goroutine?debug=1 or 2, and what the runtime writes in front of one when it ends a
// program (runtime/panic.go, runtime/signal_unix.go).
bool is_goroutine_dump(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kBeginnings{
      "goroutine ", "SIGQUIT: ", "SIGABRT: ", "panic: ", "fatal error: ", "runtime: "};
  return begins_with_any(text, kBeginnings);
}

// "55d0c9a2b000-55d0c9a2c000 r--p 00000000 ..."
bool is_smaps(std::string_view text) {
  const std::size_t dash = text.find_first_not_of("0123456789abcdef");
  if (dash == std::string_view::npos || dash == 0 || text[dash] != '-') return false;
  const std::size_t space = text.find_first_not_of("0123456789abcdef", dash + 1);
  if (space == std::string_view::npos || text[space] != ' ') return false;
  const char readable = space + 1 < text.size() ? text[space + 1] : '\0';
  return readable == 'r' || readable == '-';
}

Result<Breakdown> read_profile(std::string_view bytes, const CaptureLimits& limits) {
  const auto profile = parse_profile(bytes, limits.profile);
  if (!profile) return profile.error();
  return profile_breakdown(*profile, limits.profile);
}

}  // namespace

Result<Breakdown> read_breakdown(std::string_view bytes, const CaptureLimits& limits) {
  std::string plain;
  if (is_gzip(bytes)) {
    auto text = gunzip(bytes, limits.max_decompressed_bytes);
    if (!text) return text.error();
    plain = std::move(*text);
    bytes = plain;
  }
  if (bytes.empty()) return invalid("an empty capture");
  if (bytes.starts_with("soakwatch-fds")) return read_fd_breakdown(bytes);
  if (is_goroutine_dump(bytes)) return parse_goroutine_dump(bytes, limits.goroutines);
  if (is_execution_trace(bytes)) return parse_execution_trace(bytes, limits.trace);
  if (is_smaps(bytes)) return read_mapping_breakdown(bytes);
  if (bytes.starts_with("heap profile: ")) {
    return invalid("a heap profile as text (?debug=1); fetch it without debug=1 to compare it");
  }
  return read_profile(bytes, limits);
}

}  // namespace soakwatch
