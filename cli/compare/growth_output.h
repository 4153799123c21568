// What grew between two captures, for a person and for a program.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <string>

#include "cli/compare/capture_pair.h"

namespace soakwatch {

// A line for each group that grew, at most `most` (0: all), and the stacks of the first `stacks`.
// Ends with a line end.
std::string growth_text(const CapturePair& pair, std::size_t most, std::size_t stacks, bool color);

// {"kind", "before", "now", "groups"}, all groups that changed.
boost::json::object growth_json(const CapturePair& pair);

// Bytes and counts are whole; seconds are not. Null: not finite.
boost::json::value json_number(double value);

}  // namespace soakwatch
