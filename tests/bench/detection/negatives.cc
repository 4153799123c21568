#include "tests/bench/detection/negatives.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>

#include "tests/bench/detection/shapes.h"

namespace soakwatch::bench {
namespace {

Plan noise(Random& r) {
  Plan p;
  p.noise = r.log_uniform(0.01, 0.1);
  p.noise_minutes = r.log_uniform(0.1, 60);
  return p;
}

Plan season(Random& r) {
  Plan p;
  p.hours = 72;
  const double height = r.log_uniform(0.1, 1);
  p.level = [height, day = day_course(r)](double h) { return 1 + height * day(h); };
  return p;
}

Plan season_with_load(Random& r) {
  Plan p;
  p.hours = 72;
  const double height = r.log_uniform(0.1, 1);
  const auto day = day_course(r);
  p.level = [=](double h) { return 1 + height * day(h); };
  p.load = p.level;
  return p;
}

Plan steps(Random& r) {
  Plan p;
  std::vector<std::pair<double, double>> at;  // hour, level from there on
  double level = 1;
  for (int n = 1 + r.below(5); n > 0; --n) {
    level = std::max(0.4, level + r.log_uniform(0.1, 0.6) * (r.chance(0.6) ? 1 : -1));
    at.emplace_back(r.uniform(0, p.hours), level);
  }
  std::sort(at.begin(), at.end());
  p.level = [at](double h) {
    double now = 1;
    for (const auto& [hour, height] : at) {
      if (h >= hour) now = height;
    }
    return now;
  };
  return p;
}

Plan cache_fill(Random& r) {
  Plan p;
  const double tau = r.log_uniform(1.0 / 6, 6);
  const double height = r.log_uniform(0.3, 3);
  const double start = r.chance(0.5) ? 0 : r.uniform(0, 4);
  p.hours = start + 5 * tau + 6;
  p.level = [=](double h) {
    return h < start ? 1 : 1 + height * (1 - std::exp((start - h) / tau));
  };
  return p;
}

Plan pool(Random& r) {
  Plan p;
  const double grows = r.log_uniform(0.5, 4);  // hours
  const double start = r.chance(0.5) ? 0 : r.uniform(0, 4);
  const double height = r.log_uniform(0.3, 3);
  std::vector<double> at;
  for (int n = 4 + r.below(16); n > 0; --n) at.push_back(start + r.uniform(0, grows));
  const double each = height / static_cast<double>(at.size());
  p.hours = start + grows + 12;
  p.level = [=](double h) {
    double now = 1;
    for (const double hour : at) now += h >= hour ? each : 0;
    return now;
  };
  return p;
}

Plan bursts(Random& r) {
  Plan p;
  p.level = [more = burst_course(draw_bursts(r, p.hours, r.log_uniform(0.2, 6)))](double h) {
    return 1 + more(h);
  };
  return p;
}

Plan random_walk(Random& r) {
  Plan p;
  p.hours = 48;
  const double per_hour = r.log_uniform(0.02, 0.2);
  const double step = 1.0 / 60;
  std::vector<double> values{1};
  for (int minute = 0; minute < 60 * p.hours; ++minute) {
    const double next = values.back() + per_hour * std::sqrt(step) * r.normal();
    values.push_back(next < 0.3 ? 0.6 - next : next);  // reflected: nothing goes below zero
  }
  p.level = sampled_course(std::move(values), step);
  return p;
}

Plan sawtooth(Random& r) {
  Plan p;
  const double period = r.log_uniform(0.25, 4);
  const double height = r.log_uniform(0.2, 1);
  const double phase = r.uniform(0, period);
  p.level = [=](double h) { return 1 + height * std::fmod(h + phase, period) / period; };
  return p;
}

Plan load_ramp(Random& r) {
  Plan p;
  const double start = r.uniform(0, 6);
  const double takes = r.log_uniform(1, 6);
  const double height = r.log_uniform(0.5, 4);
  p.level = [=](double h) { return 1 + height * std::clamp((h - start) / takes, 0.0, 1.0); };
  p.load = p.level;
  return p;
}

// Something that is filled at a steady pace up to its end and lives in a map or slice: the block
// behind it doubles each time that it is full.
Plan doubling(Random& r) {
  Plan p;
  const int doublings = 2 + r.below(3);
  const double last = r.log_uniform(0.3, 2);  // size at the end
  const double start = r.uniform(0, 2);
  const double takes = r.log_uniform(1, 6);
  p.level = [=](double h) {
    const double full = std::clamp((h - start) / takes, 0.0, 1.0);
    double size = last / std::pow(2, doublings);
    for (int i = 0; i < doublings; ++i) {
      if (full * last > size) size *= 2;
    }
    return 1 + (full > 0 ? size : 0);
  };
  p.signal = r.chance(0.7) ? Signal::kLiveHeap : Signal::kAnonMemory;
  return p;
}

Plan lazy_free(Random& r) {
  Plan p;
  p.signal = Signal::kLiveHeap;
  p.lazy_free = true;
  p.noise = r.log_uniform(0.005, 0.03);
  return p;
}

Plan memory_limit_entry(Random& r) {
  Plan p;
  p.signal = Signal::kLiveHeap;
  p.near_limit = true;
  const double start = r.uniform(1, 6);
  const double takes = r.log_uniform(1, 10) / 60;  // slower without more work is the family pool
  p.level = [=](double h) { return 1 + 0.8 * std::clamp((h - start) / takes, 0.0, 1.0); };
  return p;
}

Plan gogc_off(Random& r) {
  Plan p;
  p.signal = Signal::kLiveHeap;
  p.gogc_off = true;
  p.noise = r.log_uniform(0.005, 0.03);
  return p;
}

Plan restarts_and_gaps(Random& r) {
  Plan p;
  const double tau = r.log_uniform(1, 20) / 60;
  const double cold = r.uniform(0.3, 0.9);
  p.level = [=](double h) { return 1 - (1 - cold) * std::exp(-h / tau); };
  for (int n = 1 + r.below(4); n > 0; --n) p.restarts.push_back(r.uniform(0, p.hours));
  std::sort(p.restarts.begin(), p.restarts.end());
  for (int n = r.below(4); n > 0; --n) {
    const double from = r.uniform(0, p.hours);
    p.gaps.push_back({from, from + r.log_uniform(5, 120) / 60});
  }
  return p;
}

Plan clean_run(Random& r) {
  Plan p;
  p.hours = 12;
  p.whole_process = true;
  p.signal = Signal::kLiveHeap;
  p.noise = r.log_uniform(0.01, 0.05);
  p.noise_minutes = r.log_uniform(0.1, 10);
  const double tau = r.log_uniform(0.5, 10) / 60;
  const double cold = r.uniform(0.3, 0.9);
  p.level = [=, more = burst_course(draw_bursts(r, p.hours, r.log_uniform(0.05, 1)))](double h) {
    return 1 - (1 - cold) * std::exp(-h / tau) + more(h);
  };
  return p;
}

}  // namespace

std::vector<Family> negative_families() {
  return {
      {"noise", false, "AR(1), 1-10 %, correlated over 6 s to 1 h; 24 h", noise},
      {"season", false, "a day's course of 10-100 %, no sign of its load; 72 h", season, true},
      {"season_load", false, "the same, with work done in proportion", season_with_load},
      {"steps", false, "1-5 jumps of 10-60 %, more of them upwards; 24 h", steps},
      {"cache_fill", false, "30-300 % more, exponentially, time constant 10 min to 6 h", cache_fill,
       true},
      {"pool", false, "30-300 % more in 4-19 jumps within 0.5-4 h, then none", pool, true},
      {"bursts", false, "0.2-6 an hour, 1-20 min, 0.3-4 times the base; 24 h", bursts},
      {"random_walk", false, "no drift, 2-20 % per root hour; 48 h", random_walk},
      {"sawtooth", false, "rises of 20-100 % over 15 min to 4 h, then back; 24 h", sawtooth},
      {"load_ramp", false, "work and level rise by 0.5-4 over 1-6 h, then stay; 24 h", load_ramp},
      {"doubling", false, "a table that doubles 2-4 times within 1-6 h, then is full", doubling},
      {"lazy_free", false, "flat Go heap, resident memory creeps by 20-100 % in 1-8 h", lazy_free},
      {"limit_entry", false,
       "live heap up by 80 % within 1-10 min, into the memory limit, then flat",
       memory_limit_entry},
      {"gogc_off", false, "GOGC=off with a memory limit: the heap runs up to it, again and again",
       gogc_off},
      {"restarts", false, "1-4 restarts, each with a start-up of 1-20 min; gaps of 5-120 min",
       restarts_and_gaps},
      {"clean_run", false, "12 h of a whole process: start-up, 1-5 % noise, some bursts",
       clean_run},
  };
}

}  // namespace soakwatch::bench
