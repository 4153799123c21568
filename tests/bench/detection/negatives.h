// Families of processes that grow without a leak.
#pragma once

#include <vector>

#include "tests/bench/detection/plan.h"

namespace soakwatch::bench {

std::vector<Family> negative_families();

}  // namespace soakwatch::bench
