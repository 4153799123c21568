#include "model/alert_family.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace soakwatch {
namespace {

// A chain of roots is short; one that is longer goes in a circle.
constexpr int kMaxChain = 8;

bool overlap(const Alert& a, const Alert& b) {
  const auto began_before_end = [](const Alert& x, const Alert& y) {
    return !y.resolved_at || x.pending_since <= *y.resolved_at;
  };
  return began_before_end(a, b) && began_before_end(b, a);
}

int urgency(const Alert& alert) {
  switch (alert.state) {
    case AlertState::kFiring:
      return 0;
    case AlertState::kPlateau:
      return 1;
    case AlertState::kPending:
      return alert.finding.grade == Grade::kAlert ? 2 : 3;
    case AlertState::kInactive:
    case AlertState::kResolved:
      break;
  }
  return 4;
}

bool more_urgent(const Alert* a, const Alert* b) {
  // Severity counts while there is something to do about it.
  const auto severity = [](const Alert& alert) {
    return urgency(alert) == 4 ? 0 : -static_cast<int>(alert.finding.severity);
  };
  return std::tuple(urgency(*a), severity(*a), -a->id) <
         std::tuple(urgency(*b), severity(*b), -b->id);
}

const Alert* topmost(const Alert& alert, const std::vector<Alert>& all) {
  const Alert* top = &alert;
  for (int i = 0; i < kMaxChain; ++i) {
    const Alert* next = explains(*top, all);
    if (next == nullptr) return top;
    top = next;
  }
  return &alert;
}

}  // namespace

const Alert* explains(const Alert& child, const std::vector<Alert>& all) {
  const Alert* found = nullptr;
  if (child.finding.root.empty()) return found;
  for (const Alert& alert : all) {
    if (alert.instance != child.instance || alert.finding.detector != child.finding.root ||
        alert.id == child.id || alert.state == AlertState::kInactive || !overlap(alert, child)) {
      continue;
    }
    if (found == nullptr || alert.id > found->id) found = &alert;
  }
  return found;
}

std::vector<AlertFamily> families_of(const std::vector<Alert>& alerts) {
  std::map<const Alert*, AlertFamily> by_root;
  for (const Alert& alert : alerts) {
    const Alert* root = topmost(alert, alerts);
    AlertFamily& family = by_root[root];
    family.root = root;
    if (root != &alert) family.children.push_back(&alert);
  }
  std::vector<AlertFamily> families;
  for (auto& [root, family] : by_root) {
    std::sort(family.children.begin(), family.children.end(), more_urgent);
    families.push_back(std::move(family));
  }
  std::sort(families.begin(), families.end(),
            [](const AlertFamily& a, const AlertFamily& b) { return more_urgent(a.root, b.root); });
  return families;
}

}  // namespace soakwatch
