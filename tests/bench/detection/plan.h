// What a family lays down before any sample is made: the course of a process in units of its base
// level, as functions of the hours since its start.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "detectors/signals.h"
#include "tests/bench/detection/random.h"

namespace soakwatch::bench {

struct Interval {
  double from = 0;  // hours
  double until = 0;
};

struct Plan {
  double hours = 24;
  std::function<double(double)> level = [](double) { return 1.0; };  // 1 is the base
  std::function<double(double)> load = [](double) { return 1.0; };   // 1 is the usual rate of work
  // Noise on the level, as a share of it: AR(1) with this standard deviation and correlation time.
  double noise = 0.02;
  double noise_minutes = 1;
  std::vector<Interval> gaps;    // not sampled
  std::vector<double> restarts;  // hours; the level's clock starts anew

  std::optional<double> onset;  // hours; of the leak
  double rate = 0;              // of the leak, shares of the base per hour

  // Where the family asks for more than a signal drawn at random:
  std::optional<Signal> signal;
  std::optional<double> base;
  bool gogc_off = false;         // with a memory limit
  bool often_collected = false;  // never GOGC=off: hours between two collections hide the floor
  bool near_limit = false;       // GOGC=100, and a memory limit that flattens the goal
  bool lazy_free = false;        // a Go heap that is flat while the resident memory creeps
  bool whole_process = false;    // goroutines, descriptors and heap in one series
};

struct Family {
  std::string_view name;
  bool leaks = false;
  std::string_view what;  // one line, with the ranges that the seed draws from
  Plan (*plan)(Random&);
  // Without a leak, but at first no different from one for whoever sees a single series.
  bool looks_like_a_leak = false;
};

}  // namespace soakwatch::bench
