// The engine, set up as the daemon does with the defaults of config/config.h.
#pragma once

#include "detectors/process_judge.h"
#include "tests/bench/detection/judge.h"

namespace soakwatch::bench {

DetectionOptions default_detection();
// On while an alert's condition holds and what leaks still grows.
std::unique_ptr<Judge> make_engine(const Series& series);
// On from the suspicion on.
std::unique_ptr<Judge> make_suspicious_engine(const Series& series);

}  // namespace soakwatch::bench
