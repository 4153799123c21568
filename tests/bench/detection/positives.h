// Families of processes that leak.
#pragma once

#include <vector>

#include "tests/bench/detection/plan.h"

namespace soakwatch::bench {

std::vector<Family> positive_families();

}  // namespace soakwatch::bench
