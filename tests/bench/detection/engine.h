// The engine, set up as the daemon does with the defaults of config/config.h.
#pragma once

#include "detectors/growth_detector.h"
#include "tests/bench/detection/judge.h"

namespace soakwatch::bench {

DetectionOptions default_detection();
std::unique_ptr<Judge> make_engine(const Series& series);

}  // namespace soakwatch::bench
