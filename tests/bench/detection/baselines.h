// The rules that people use today, after their published definitions. Each judges what
// Series::watched names, once a minute on the means of the minutes, but for holmes, which looks at
// each sample. They get no warm-up, because none of them has one beyond its window.
#pragma once

#include <vector>

#include "tests/bench/detection/judge.h"

namespace soakwatch::bench {

std::vector<JudgeKind> baselines();

}  // namespace soakwatch::bench
