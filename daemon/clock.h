// The only place that reads clocks; everything below gets a Moment as an argument.
#pragma once

#include "model/timestamp.h"

namespace soakwatch {

Moment read_clocks();

}  // namespace soakwatch
