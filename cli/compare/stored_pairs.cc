#include "cli/compare/stored_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/printable.h"

namespace soakwatch {
namespace {

// What is named by a line of code comes first.
constexpr std::array kKinds{CaptureKind::kGoroutine, CaptureKind::kHeap, CaptureKind::kAllocs,
                            CaptureKind::kCpu,       CaptureKind::kFds,  CaptureKind::kMappings,
                            CaptureKind::kTrace};

bool is_pprof(CaptureKind kind) {
  return kind == CaptureKind::kHeap || kind == CaptureKind::kAllocs ||
         kind == CaptureKind::kGoroutine || kind == CaptureKind::kCpu;
}

const Capture* of_kind(const StoredSide& side, CaptureKind kind) {
  const auto found = std::find_if(side.captures.begin(), side.captures.end(),
                                  [&](const Capture& capture) { return capture.kind == kind; });
  return found == side.captures.end() ? nullptr : &*found;
}

Result<CapturePair> read_pair(const StoredSide& a, const Capture& before, const StoredSide& b,
                              const Capture& after) {
  const auto first = read_stored(a.database, before);
  if (!first) return first.error();
  const auto second = read_stored(b.database, after);
  if (!second) return second.error();
  return pair_of(*first, *second);
}

// Replaces the one of its kind where `better` says so.
template <class Better>
std::vector<Capture> best_of_each(std::span<const Capture> captures, Better better) {
  std::vector<Capture> best;
  for (const Capture& capture : captures) {
    const auto known = std::find_if(best.begin(), best.end(),
                                    [&](const Capture& c) { return c.kind == capture.kind; });
    if (known == best.end()) {
      best.push_back(capture);
    } else if (better(capture, *known)) {
      *known = capture;
    }
  }
  return best;
}

}  // namespace

std::vector<Capture> nearest_captures(std::span<const Capture> captures, WallTime time) {
  return best_of_each(captures, [time](const Capture& one, const Capture& known) {
    if ((one.time <= time) != (known.time <= time)) return one.time <= time;
    return one.time <= time ? one.time > known.time : one.time < known.time;
  });
}

std::vector<Capture> first_captures(std::span<const Capture> captures) {
  return best_of_each(
      captures, [](const Capture& one, const Capture& known) { return one.time < known.time; });
}

StoredPairs pairs_of(const StoredSide& before, const StoredSide& after,
                     std::optional<CaptureKind> kind) {
  StoredPairs result;
  std::error_code error;
  const bool one_file = before.database == after.database ||
                        std::filesystem::equivalent(before.database, after.database, error);
  for (const CaptureKind of : kKinds) {
    if (kind && *kind != of) continue;
    const Capture* a = of_kind(before, of);
    const Capture* b = of_kind(after, of);
    if (a == nullptr || b == nullptr) {
      if (a != b) {
        result.notes.push_back(
            fmt::format("{}: only {} has a capture", to_string(of), a != nullptr ? "A" : "B"));
      }
      continue;
    }
    if (a->id == b->id && one_file) {
      result.notes.push_back(fmt::format("{}: one capture, {} of {}, is the nearest to both",
                                         to_string(of), a->id, format_local(a->time)));
      continue;
    }
    auto pair = read_pair(before, *a, after, *b);
    if (pair) {
      result.pairs.push_back(std::move(*pair));
    } else {
      result.notes.push_back(fmt::format("{}: {}", to_string(of), pair.error().message));
    }
  }
  if (result.pairs.empty() && result.notes.empty())
    result.notes.emplace_back(kind ? "no capture of that kind" : "no captures");
  return result;
}

Result<ProfileBytes> profiles_of(const StoredSide& before, const StoredSide& after,
                                 std::optional<CaptureKind> kind) {
  std::string there;
  std::vector<CaptureKind> both;
  for (const CaptureKind of : kKinds) {
    if (!is_pprof(of) || (kind && *kind != of)) continue;
    if (of_kind(before, of) == nullptr || of_kind(after, of) == nullptr) continue;
    both.push_back(of);
    there += (there.empty() ? "" : ", ") + std::string(to_string(of));
  }
  if (both.empty()) return not_found("no profile that both sides have");
  if (both.size() > 1) return invalid("--top is of one profile: choose --kind (" + there + ")");
  auto first = read_stored(before.database, *of_kind(before, both.front()));
  if (!first) return first.error();
  auto second = read_stored(after.database, *of_kind(after, both.front()));
  if (!second) return second.error();
  return ProfileBytes{std::move(*first), std::move(*second)};
}

}  // namespace soakwatch
