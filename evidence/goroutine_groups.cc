#include "evidence/goroutine_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "evidence/dump_lines.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::string_view kLeftOut = "frames left out";

Frame frame_of(const GoroutineCall& call) {
  Frame frame;
  frame.function = call.function;
  const std::size_t colon = call.place.rfind(':');
  if (colon == std::string_view::npos) return frame;
  frame.file = call.place.substr(0, colon);
  if (!parse_number(call.place.substr(colon + 1), frame.line)) frame.line = 0;
  return frame;
}

void keep_longest(std::optional<milliseconds>& longest, const std::optional<milliseconds>& wait) {
  if (wait) longest = std::max(longest.value_or(*wait), *wait);
}

}  // namespace

bool is_place(std::string_view place) {
  const std::size_t colon = place.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == place.size()) return false;
  return place.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

void GoroutineStack::add(const GoroutineCall& call, std::size_t max_frames) {
  if (calls.size() < max_frames) {
    calls.push_back(call);
  } else {
    add_left_out();
  }
}

void GoroutineStack::add_left_out() {
  if (calls.empty() || calls.back().function != kLeftOut) calls.push_back({kLeftOut, {}});
}

void GoroutineStack::clear() {
  state.clear();
  calls.clear();
  creator = {};
}

std::size_t GoroutineGroups::Hash::operator()(const GoroutineStack& stack) const {
  const std::hash<std::string_view> hash_of;
  std::size_t hash = hash_of(stack.state);
  const auto mix = [&](const GoroutineCall& call) {
    constexpr std::size_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 by the golden ratio
    hash = (hash * kOdd + hash_of(call.function)) * kOdd + hash_of(call.place);
  };
  for (const GoroutineCall& call : stack.calls) mix(call);
  mix(stack.creator);
  return hash;
}

GoroutineGroups::GoroutineGroups(std::size_t max_groups)
    : max_groups_(std::max<std::size_t>(max_groups, 1)) {}

void GoroutineGroups::add(const GoroutineStack& stack, double count,
                          std::optional<milliseconds> wait) {
  auto found = tallies_.find(stack);
  if (found == tallies_.end()) {
    if (tallies_.size() >= 2 * max_groups_) drop_the_rarest();
    found = tallies_.emplace(stack, Tally{}).first;
  }
  found->second.count += count;
  keep_longest(found->second.wait, wait);
}

Breakdown GoroutineGroups::breakdown(double total, bool truncated) const {
  Breakdown result;
  result.kind = CaptureKind::kGoroutine;
  result.total_count = total;
  result.truncated = truncated;
  std::unordered_map<std::string, std::size_t> by_key;  // long names may differ in what is cut
  for (const auto& [stack, tally] : tallies_) {
    Group group = group_of(stack, tally);
    const auto [known, is_new] = by_key.emplace(group.key, result.groups.size());
    if (is_new) {
      result.groups.push_back(std::move(group));
    } else {
      result.groups[known->second].count += group.count;
      keep_longest(result.groups[known->second].longest_wait, group.longest_wait);
    }
  }
  std::sort(result.groups.begin(), result.groups.end(), [](const Group& a, const Group& b) {
    return a.count != b.count ? a.count > b.count : a.key < b.key;
  });
  if (result.groups.size() > max_groups_) result.groups.resize(max_groups_);
  return result;
}

Group GoroutineGroups::group_of(const GoroutineStack& stack, const Tally& tally) {
  Group group;
  group.state = printable(stack.state);
  group.count = tally.count;
  group.longest_wait = tally.wait;
  std::vector<Frame> frames;
  for (const GoroutineCall& call : stack.calls) {
    frames.push_back(frame_of(call));
    group.stack.push_back(to_string(frames.back()));
  }
  Frame shown = frames.empty() ? Frame{"unknown function", {}, 0} : frames.front();
  const Frame creator = frame_of(stack.creator);
  const bool is_created = !creator.function.empty();
  if (const auto own = first_own_frame(frames)) {
    shown = frames[*own];
  } else if (is_created && (frames.empty() || !is_standard_library(creator.function))) {
    shown = creator;
  }
  group.name = printable(shown.function);
  group.location = location_of(shown);
  if (is_created) group.stack.push_back("created by " + to_string(creator));
  group.key = fmt::format("{} | {}", group.state, fmt::join(group.stack, " < "));
  return group;
}

void GoroutineGroups::drop_the_rarest() {
  std::vector<double> counts;
  counts.reserve(tallies_.size());
  for (const auto& [stack, tally] : tallies_) counts.push_back(tally.count);
  std::nth_element(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(max_groups_),
                   counts.end(), std::greater<>());
  const double limit = counts[max_groups_];
  // At least as many as are over max_groups have no more than the limit.
  for (auto it = tallies_.begin(); it != tallies_.end() && tallies_.size() > max_groups_;) {
    it = it->second.count <= limit ? tallies_.erase(it) : std::next(it);
  }
}

}  // namespace soakwatch
