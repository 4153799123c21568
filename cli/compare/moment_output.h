// Floors and captures of two instants side by side, for a person and for a program.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "cli/compare/moment_floors.h"
#include "cli/compare/stored_pairs.h"
#include "cli/compare/subject.h"

namespace soakwatch {

struct MomentSide {
  std::string target;
  std::optional<WallTime> asked;
  std::optional<MomentFloors> floors;
  StoredSide side;
};

struct MomentComparison {
  SubjectSort sort = SubjectSort::kTime;
  MomentSide before;
  MomentSide after;
};

std::string moment_text(const MomentComparison& comparison, const StoredPairs& pairs,
                        std::size_t most, bool color);
boost::json::object moment_json(const MomentComparison& comparison, const StoredPairs& pairs);

// Captures of both, as every sort of comparison has them.
std::string pairs_text(const StoredPairs& pairs, std::size_t most, bool color);
void add_pairs(const StoredPairs& pairs, boost::json::object& object);

}  // namespace soakwatch
