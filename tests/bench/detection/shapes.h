// Courses that several families share. Hours in, a share of the base out.
#pragma once

#include <functional>
#include <vector>

#include "tests/bench/detection/random.h"

namespace soakwatch::bench {

struct Burst {
  double start = 0;  // hours
  double hours = 0;
  double height = 0;
};
std::vector<Burst> draw_bursts(Random& random, double hours, double per_hour);
// The height of the bursts that are on.
std::function<double(double)> burst_course(std::vector<Burst> bursts);

// A course given by its values at equal steps, straight between them.
std::function<double(double)> sampled_course(std::vector<double> values, double step_hours);

// A day's course between 0 and 1: office hours with soft flanks, or a sine.
std::function<double(double)> day_course(Random& random);

}  // namespace soakwatch::bench
