#include "daemon/investigation.h"

#include <algorithm>
#include <utility>

namespace soakwatch {
namespace {

// Looks at a suspicion before it is left to the series alone.
constexpr int kMaxLooksAtSuspicion = 4;
// Growth between two looks, at least: enough to tell who grows.
constexpr double kLeastGrowthShare = 0.02;
constexpr double kLeastGrowthCount = 8;
constexpr double kLeastGrowthBytes = 1024.0 * 1024;

}  // namespace

bool Investigation::wants_look(const Case& state, const Finding& finding) {
  if (state.asked || finding.phase == Phase::kPlateau) return false;
  if (state.looks == 0) return true;
  if (finding.grade == Grade::kAlert && !state.asked_as_alert) return true;
  const bool bytes = describe(finding.metric).unit == Unit::kBytes;
  const double step = std::max(bytes ? kLeastGrowthBytes : kLeastGrowthCount,
                               kLeastGrowthShare * std::abs(state.level));
  if (finding.grade == Grade::kSuspect && !state.evidence.confirmed) {
    return state.looks < kMaxLooksAtSuspicion && finding.current - state.level >= step;
  }
  return finding.current - finding.base >= 2 * std::max(state.level - finding.base, step);
}

bool Investigation::is_waiting(const std::string& detector) const {
  const auto at = cases_.find(detector);
  return at != cases_.end() && at->second.looks == 0;
}

void Investigation::add_evidence(const Case& state, Finding& finding) const {
  finding.culprits = state.evidence.culprits;
  finding.probe = state.evidence.statement;
  if (state.looks == 0 || is_waiting(finding.root)) {
    finding.grade = Grade::kSuspect;
  } else if (state.evidence.confirmed) {
    finding.grade = Grade::kAlert;
  }
}

std::optional<LookRequest> Investigation::consider(Finding& finding) {
  const auto kind = kind_that_tells(finding.detector);
  if (!kind) return std::nullopt;
  // What has stopped before anybody looked is not looked at.
  if (finding.phase == Phase::kPlateau && !cases_.contains(finding.detector)) return std::nullopt;
  Case& state = cases_[finding.detector];
  state.latest = finding;
  std::optional<LookRequest> request;
  if (wants_look(state, finding)) {
    const bool alert = finding.grade == Grade::kAlert;
    request = LookRequest{
        finding.detector, *kind,        alert ? CaptureReason::kFiring : CaptureReason::kSuspicion,
        finding.since,    std::nullopt, state.looks == 0};
    state.asked = true;
    state.asked_as_alert = state.asked_as_alert || alert;
    state.level = finding.current;
  }
  add_evidence(state, finding);
  return request;
}

std::vector<Finding> Investigation::looked(const std::string& detector, Evidence evidence) {
  const auto at = cases_.find(detector);
  if (at == cases_.end()) return {};
  Case& state = at->second;
  state.asked = false;
  ++state.looks;
  // A look that failed does not unsay what an earlier one said.
  if (!evidence.culprits.empty() || state.evidence.culprits.empty()) {
    state.evidence = std::move(evidence);
  }
  std::vector<Finding> findings{state.latest};
  add_evidence(state, findings.back());
  if (state.looks > 1) return findings;
  for (const auto& [name, other] : cases_) {
    if (other.latest.root != detector || other.looks == 0 || name == detector) continue;
    findings.push_back(other.latest);
    add_evidence(other, findings.back());
  }
  return findings;
}

std::vector<Finding> Investigation::waiting() const {
  std::vector<Finding> findings;
  for (const auto& [detector, state] : cases_) {
    const bool waits = state.looks == 0 || is_waiting(state.latest.root);
    if (waits && state.latest.grade == Grade::kAlert) findings.push_back(state.latest);
  }
  return findings;
}

}  // namespace soakwatch
