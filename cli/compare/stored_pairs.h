// Which stored captures of two sides go together: one of each kind that both have.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/compare/capture_pair.h"

namespace soakwatch {

// The newest at or before `time`, else the oldest after it; of each kind, whatever the order.
std::vector<Capture> nearest_captures(std::span<const Capture> captures, WallTime time);
// The oldest of each kind.
std::vector<Capture> first_captures(std::span<const Capture> captures);

struct StoredSide {
  std::filesystem::path database;
  std::vector<Capture> captures;  // one of a kind
};

struct StoredPairs {
  std::vector<CapturePair> pairs;  // goroutines first, as in a report
  std::vector<std::string> notes;  // what could not be compared, and why
};

// `kind`: only this one. A file that is gone or damaged is a note.
StoredPairs pairs_of(const StoredSide& before, const StoredSide& after,
                     std::optional<CaptureKind> kind);

// The text of two profiles as `go tool pprof -top` has it needs their bytes: of the one kind that
// both sides have. Error kInvalid: several kinds, or none that is a profile.
struct ProfileBytes {
  CaptureBytes before;
  CaptureBytes after;
};
Result<ProfileBytes> profiles_of(const StoredSide& before, const StoredSide& after,
                                 std::optional<CaptureKind> kind);

}  // namespace soakwatch
