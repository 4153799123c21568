#include "detectors/held_growth.h"

#include <algorithm>

namespace soakwatch {
namespace {

// What stopped growing alarms anew when it has grown by half as much again.
constexpr double kGrowsAgain = 1.5;
// What fell below the base plus this share of the greatest growth, for two blocks, is given back.
constexpr double kReleasedShare = 0.5;
constexpr int kReleasedBlocks = 2;

}  // namespace

HeldGrowth::HeldGrowth(const FloorJudgement& found, const FloorWindow& window)
    : level_(found.level),
      base_(found.base),
      peak_growth_(found.current - found.base),
      since_(found.since),
      found_(window.end()),
      grade_(found.grade),
      phase_(found.phase),
      gates_(found.gates) {}

// Two windows without a common block bear witness apart from each other.
bool HeldGrowth::confirm(FloorJudgement& again, const FloorWindow& window) {
  if (again.grade == Grade::kSuspect) {
    if (window.begin < found_) return false;
    again.gates.back() = {"certainty", true, hours_of(window.end() - found_), 0,
                          "hours in which all of it was found once more, above"};
  }
  grade_ = again.grade = Grade::kAlert;
  gates_ = again.gates;
  again.level = level_;
  again.base = base_;
  again.since = since_;
  return true;
}

FloorJudgement HeldGrowth::judge(const FloorWindow& w) {
  FloorJudgement j;
  j.level = level_;
  j.base = base_;
  j.current = w.current();
  j.since = since_;
  j.slope_per_hour = theil_sen(w.points);
  j.span = w.span;
  const double growth = j.current - base_;
  peak_growth_ = std::max(peak_growth_, growth);
  const double released = base_ + kReleasedShare * peak_growth_;
  blocks_below_ = w.minima.back() < released ? blocks_below_ + 1 : 0;
  j.gates.push_back({"not_released", blocks_below_ < kReleasedBlocks, w.minima.back(), released,
                     "floor now, at least, for two blocks"});
  // Over a night the means may have found what noise hides from the minima.
  const bool rises =
      j.slope_per_hour.low > 0 || (w.is_over_a_night() && theil_sen(w.means).low > 0);
  j.gates.push_back(
      {"still_grows", rises, j.slope_per_hour.low, 0, "lower bound of the growth per hour, above"});
  if (phase_ == Phase::kGrowing && !rises) {
    phase_ = Phase::kPlateau;
    plateau_growth_ = peak_growth_;
  } else if (rises && growth >= kGrowsAgain * plateau_growth_) {
    phase_ = Phase::kGrowing;
  }
  j.grade = grade_;
  j.phase = phase_;
  // A suspicion that stopped growing is over; an alert is not until memory has come back.
  j.grows = j.gates[0].passed && (rises || grade_ == Grade::kAlert);
  if (j.grows) j.gates = gates_;
  return j;
}

}  // namespace soakwatch
