#include "evidence/breakdown.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace soakwatch {
namespace {

// Who gained less than one part in a hundred is noise beside a leak.
constexpr double kLeastShare = 0.01;

}  // namespace

Unit weight_unit(CaptureKind kind) {
  switch (kind) {
    case CaptureKind::kHeap:
    case CaptureKind::kAllocs:
    case CaptureKind::kMappings:
      return Unit::kBytes;
    case CaptureKind::kCpu:
      return Unit::kSeconds;
    case CaptureKind::kGoroutine:
    case CaptureKind::kFds:
    case CaptureKind::kTrace:
      return Unit::kCount;
  }
  return Unit::kCount;
}

double weight(const Group& group, CaptureKind kind) {
  return weight_unit(kind) == Unit::kBytes ? group.bytes : group.count;
}

std::vector<GroupGrowth> what_grew(const Breakdown& before, const Breakdown& after) {
  std::unordered_map<std::string_view, const Group*> old;
  for (const Group& group : before.groups) old.emplace(group.key, &group);

  std::vector<GroupGrowth> result;
  double gained = 0;
  const auto add = [&](const Group* was, const Group* is) {
    GroupGrowth growth;
    growth.after = is != nullptr ? *is : *was;
    if (is == nullptr) growth.after.count = growth.after.bytes = 0;
    growth.count = growth.after.count - (was != nullptr ? was->count : 0);
    growth.bytes = growth.after.bytes - (was != nullptr ? was->bytes : 0);
    growth.before = was != nullptr ? weight(*was, after.kind) : 0;
    growth.now = weight(growth.after, after.kind);
    if (growth.count == 0 && growth.bytes == 0) return;
    gained += std::max(0.0, growth.now - growth.before);
    result.push_back(std::move(growth));
  };
  for (const Group& group : after.groups) {
    const auto found = old.find(group.key);
    add(found == old.end() ? nullptr : found->second, &group);
    if (found != old.end()) old.erase(found);
  }
  for (const auto& [key, group] : old) add(group, nullptr);

  for (GroupGrowth& growth : result) {
    growth.share = gained > 0 ? std::max(0.0, growth.now - growth.before) / gained : 0;
  }
  std::sort(result.begin(), result.end(), [](const GroupGrowth& a, const GroupGrowth& b) {
    const double x = a.now - a.before;
    const double y = b.now - b.before;
    return x != y ? x > y : a.after.key < b.after.key;
  });
  return result;
}

std::vector<Culprit> culprits_of(CaptureKind kind, const std::vector<GroupGrowth>& growth,
                                 std::size_t limit) {
  std::vector<Culprit> culprits;
  for (const GroupGrowth& group : growth) {
    if (culprits.size() >= limit || group.share < kLeastShare) break;
    culprits.push_back({kind, group.after.name, group.after.location, group.after.state,
                        weight_unit(kind), group.before, group.now, group.share,
                        group.after.stack});
  }
  return culprits;
}

}  // namespace soakwatch
