// Two runs side by side: does the candidate leak where the baseline does not? Pure arithmetic over
// the floors of one signal; docs/compare.md says why it is judged so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "detectors/theil_sen.h"

namespace soakwatch {

// What matters: growth, or a difference of levels, of both. As detection's `size` gate has it.
struct RunSize {
  double min_growth = 0;  // in the unit of the signal
  double min_ratio = 0;   // of the level
  double levelling_off_ratio = 0.5;
};

// How a floor goes on, whatever its size.
enum class Shape : std::uint8_t {
  kFlat,     // or it fell, jumped, levelled off
  kRising,   // in order, and to the end; a walk may have made it
  kClimbing  // as well, and no walk without drift would have
};

// Floors of one signal in one run, after its warm-up.
struct RunCourse {
  double level = 0;   // the median of the first three minima
  double end = 0;     // of the last three
  double unrest = 0;  // the median difference between neighbours
  double hours = 0;
  Slope slope_per_hour;
  Shape shape = Shape::kFlat;
  bool alerted = false;  // a detector found a leak in it, which counts whatever the line says
};

// `minima`: hours, lowest value of a block, in order. Nothing: fewer than 16 blocks, of which
// hardly any order would prove a thing.
std::optional<RunCourse> course_of(std::span<const Point> minima, const RunSize& size,
                                   bool alerted);

enum class Difference : std::uint8_t {
  kNone,
  kStep,         // higher or lower, at the same pace: no leak
  kGrowsInBoth,  // at about the same pace
  kGrowsInB,     // and not in A: a leak
  kGrowsInA,     // and not in B: mended
  kFasterInB,
  kSlowerInB,
  kUnclear,   // one of them rises, and no more can be said
  kTooShort,  // in A, in B, or both
  kNotRead,   // in one of them
};
std::string_view to_string(Difference difference);  // "grows_in_b"
// Nothing can be said of B against A.
constexpr bool is_open(Difference d) {
  return d == Difference::kUnclear || d == Difference::kTooShort || d == Difference::kNotRead;
}

struct RunComparison {
  Difference difference = Difference::kNone;
  bool a_grows = false;  // by what matters at the lower of the two levels
  bool b_grows = false;
  double level_change = 0;  // B less A: at the end, where neither grows; else after the warm-up
  double slope_change = 0;  // per hour
};

RunComparison compare_courses(const RunCourse& a, const RunCourse& b, const RunSize& size);

}  // namespace soakwatch
