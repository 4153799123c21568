// What each gate said of each window of one series: docs/detection_plots.py draws it.
#pragma once

#include <istream>
#include <string>

#include "detectors/growth_detector.h"

namespace soakwatch::bench {

// `csv`: lines of hours,value in bytes, in order of time, judged as anonymous memory. Returns a
// line of JSON for each judgement; lines that are no two numbers are left out.
std::string gates_of(std::istream& csv, const DetectionOptions& options);

}  // namespace soakwatch::bench
