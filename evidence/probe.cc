#include "evidence/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "evidence/mapping_breakdown.h"

namespace soakwatch {
namespace {

constexpr std::size_t kKeptLooks = 3;
constexpr int kLooksToConfirm = 3;       // two differences
constexpr std::size_t kMemorySites = 3;  // that may hold the share together

bool is_memory(CaptureKind kind) {
  return kind == CaptureKind::kHeap || kind == CaptureKind::kMappings;
}

bool can_confirm(CaptureKind kind) {
  return is_memory(kind) || kind == CaptureKind::kGoroutine || kind == CaptureKind::kFds;
}

std::string_view what(CaptureKind kind) {
  switch (kind) {
    case CaptureKind::kHeap:
    case CaptureKind::kAllocs:
      return "call site";
    case CaptureKind::kGoroutine:
      return "stack";
    case CaptureKind::kCpu:
      return "function";
    case CaptureKind::kFds:
      return "group of descriptors";
    case CaptureKind::kMappings:
      return "group of mappings";
    case CaptureKind::kTrace:
      return "caller";
  }
  return "group";
}

double percent(double share) { return 100 * share; }

}  // namespace

std::optional<CaptureKind> kind_that_tells(std::string_view detector) {
  static constexpr std::array kKinds{
      std::pair<std::string_view, CaptureKind>{"goroutine_growth", CaptureKind::kGoroutine},
      std::pair<std::string_view, CaptureKind>{"thread_growth", CaptureKind::kGoroutine},
      std::pair<std::string_view, CaptureKind>{"live_heap_growth", CaptureKind::kHeap},
      std::pair<std::string_view, CaptureKind>{"fd_growth", CaptureKind::kFds},
      std::pair<std::string_view, CaptureKind>{"anon_memory_growth", CaptureKind::kMappings},
      std::pair<std::string_view, CaptureKind>{"native_memory_growth", CaptureKind::kMappings},
      std::pair<std::string_view, CaptureKind>{"cpu_doubling", CaptureKind::kCpu},
      std::pair<std::string_view, CaptureKind>{"gc_pressure", CaptureKind::kAllocs},
  };
  for (const auto& [name, kind] : kKinds) {
    if (name == detector) return kind;
  }
  return std::nullopt;
}

void Probe::look(Breakdown breakdown, WallTime time) {
  if (kept_.size() == kKeptLooks) kept_.erase(kept_.begin() + 1);
  kept_.push_back({std::move(breakdown), time});
  ++looks_;
}

double Probe::weight_at(const Look& look, const std::string& key) const {
  for (const Group& group : look.breakdown.groups) {
    if (group.key == key) return weight(group, kind_);
  }
  return 0;
}

// Why nobody can be blamed by now; empty when somebody can.
std::string Probe::objection(const std::vector<GroupGrowth>& whole) const {
  if (whole.empty() || whole.front().share <= 0) return "nothing that can be told apart has grown";
  const std::size_t blamed = is_memory(kind_) ? std::min(kMemorySites, whole.size()) : 1;
  double share = 0;
  for (std::size_t i = 0; i < blamed; ++i) share += whole[i].share;
  if (share < options_.share) {
    return fmt::format("the growth is spread out: {} hold {:.0f} % of it",
                       blamed == 1 ? "the first" : fmt::format("the first {}", blamed),
                       percent(share));
  }
  // The mapping names nobody: live_heap_growth and its call sites do.
  if (kind_ == CaptureKind::kMappings && whole.front().after.name == kGoHeapMapping) {
    return "it is Go's heap, of which the heap profile tells more";
  }
  if (!can_confirm(kind_)) return "this kind of capture confirms nobody";
  if (looks_ < kLooksToConfirm) return "a later look has to show the same";
  const std::string& key = whole.front().after.key;
  std::array<double, kKeptLooks> weights{};
  for (std::size_t i = 0; i < kKeptLooks; ++i) weights[i] = weight_at(kept_[i], key);
  const double first = weights[1] - weights[0];
  const double second = weights[2] - weights[1];
  if (first <= 0 || second <= 0) return "it did not grow in each of the last two differences";
  if (!is_memory(kind_)) return {};
  const auto elapsed = [this](std::size_t i) {
    return std::max(1.0, static_cast<double>((kept_[i + 1].time - kept_[i].time).count()));
  };
  if (second / elapsed(1) < options_.slowest_repeat * (first / elapsed(0))) {
    return "its growth slows down, as a cache's does that fills";
  }
  return {};
}

Evidence Probe::evidence() const {
  Evidence result;
  if (kept_.empty()) {
    result.statement = "no look was taken";
    return result;
  }
  const bool alone = kept_.size() == 1;
  const Breakdown& last = kept_.back().breakdown;
  const auto whole = what_grew(alone ? Breakdown{kind_, {}, 0, 0} : kept_.front().breakdown, last);
  result.culprits = culprits_of(kind_, whole, options_.max_culprits);
  if (result.culprits.empty()) {
    result.statement = "nothing that can be told apart has grown";
    return result;
  }
  const Culprit& first = result.culprits.front();
  if (alone) {
    result.statement = fmt::format("there is no earlier capture; now one {}, {}, holds {:.0f} %",
                                   what(kind_), whose(first), percent(first.share));
    return result;
  }
  const std::string why_not = objection(whole);
  result.confirmed = why_not.empty();
  result.statement = fmt::format("{:.0f} % of the growth is one {}, {}", percent(first.share),
                                 what(kind_), whose(first));
  if (!result.confirmed) result.statement += "; not confirmed: " + why_not;
  return result;
}

}  // namespace soakwatch
