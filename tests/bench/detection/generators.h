// Made-up processes, each drawn by its seed from the ranges that its family states. The same family
// and seed give the same samples each time.
#pragma once

#include <cstdint>
#include <span>

#include "tests/bench/detection/plan.h"
#include "tests/bench/detection/series.h"

namespace soakwatch::bench {

// Every family, those without a leak first.
std::span<const Family> all_families();

// The samples of one plan; see render.cc for how a live heap becomes what a Go runtime reports.
Series generate(const Family& family, std::uint64_t seed);

}  // namespace soakwatch::bench
