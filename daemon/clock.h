// The only place that reads clocks; everything below gets a Moment as an argument.
#pragma once

#include <chrono>

#include "model/timestamp.h"

namespace soakwatch {

Moment read_clocks();

// Processor time that this process has used, with all its threads.
std::chrono::nanoseconds process_cpu_time();

}  // namespace soakwatch
