// Who is behind a growth: told from captures of one kind, taken while it goes on.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "evidence/breakdown.h"
#include "model/finding.h"
#include "model/timestamp.h"

namespace soakwatch {

// What a look into a process says about a finding.
struct Evidence {
  std::vector<Culprit> culprits;  // who grew most first
  bool confirmed = false;         // the same one grew again and again, and is most of the growth
  std::string statement;          // one sentence for a person; says why, where nobody is confirmed
};

struct ProbeOptions {
  double share = 0.6;  // of the growth that those who are blamed must hold
  // A second difference slower than this part of the first says that memory levels off, as a cache
  // does that fills.
  double slowest_repeat = 0.5;
  std::size_t max_culprits = 5;
};

// Goroutines and descriptors are confirmed when one group holds the share of all that was gained
// and gained in each of the last two differences. Memory has many sites that move, so that there
// the first three may hold it together, the first of them gained in both differences, and the
// second difference was no slower than `slowest_repeat` of the first. Other kinds name who grew and
// confirm nobody.
//
// Bounded: the first and the latest two breakdowns. Not thread-safe.
class Probe {
 public:
  explicit Probe(CaptureKind kind, ProbeOptions options = {}) : kind_(kind), options_(options) {}

  // In order of time. One from before the growth is worth most as the first.
  void look(Breakdown breakdown, WallTime time);
  [[nodiscard]] int looks() const { return looks_; }
  [[nodiscard]] Evidence evidence() const;

 private:
  struct Look {
    Breakdown breakdown;
    WallTime time;
  };
  [[nodiscard]] std::string objection(const std::vector<GroupGrowth>& whole) const;
  [[nodiscard]] double weight_at(const Look& look, const std::string& key) const;

  CaptureKind kind_;
  ProbeOptions options_;
  std::vector<Look> kept_;  // the first, the last but one, the last
  int looks_ = 0;
};

// The capture that tells who is behind a finding of this detector; nothing where none would.
std::optional<CaptureKind> kind_that_tells(std::string_view detector);

}  // namespace soakwatch
