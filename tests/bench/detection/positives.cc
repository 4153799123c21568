#include "tests/bench/detection/positives.h"

#include <algorithm>
#include <cmath>

#include "tests/bench/detection/shapes.h"

namespace soakwatch::bench {
namespace {

Plan steady(Random& r, double hours, double onset, double low, double high) {
  Plan p;
  p.hours = hours;
  p.noise = r.log_uniform(0.005, 0.05);
  p.noise_minutes = r.log_uniform(0.1, 10);
  p.rate = r.log_uniform(low, high);
  p.onset = onset;
  p.level = [rate = p.rate, onset](double h) { return 1 + rate * std::max(0.0, h - onset); };
  return p;
}

Plan fast(Random& r) {
  const double onset = r.uniform(2, 3);
  return steady(r, onset + 3, onset, 2, 20);
}
Plan medium(Random& r) {
  const double onset = r.uniform(2, 3);
  return steady(r, onset + 6, onset, 0.3, 2);
}
Plan slow(Random& r) {
  const double onset = r.uniform(2, 3);
  return steady(r, onset + 10, onset, 0.06, 0.3);
}
Plan from_start(Random& r) { return steady(r, 12, 0, 0.1, 10); }

Plan small_overnight(Random& r, double base_mb, double mb_per_hour) {
  const double rate = mb_per_hour / base_mb;
  Plan p = steady(r, 12, 0, rate, rate);
  p.signal = r.chance(0.5) ? Signal::kLiveHeap : Signal::kAnonMemory;
  p.base = base_mb * 1e6;
  p.noise = 0.03;
  return p;
}
Plan overnight(Random& r) {
  const double base = r.log_uniform(50, 300);
  return small_overnight(r, base, r.log_uniform(0.3, 2));
}
// The target: noise without memory, on a floor that is seen.
Plan overnight_1mb(Random& r) {
  Plan p = small_overnight(r, 100, 1);
  p.noise_minutes = r.log_uniform(0.02, 0.2);
  p.often_collected = true;
  return p;
}

Plan batches(Random& r) {
  const double onset = r.uniform(2, 3);
  Plan p = steady(r, onset + 6, onset, 0.3, 2);
  const double period = r.log_uniform(5, 30) / 60;
  p.level = [rate = p.rate, onset, period](double h) {
    return 1 + rate * period * std::floor(std::max(0.0, h - onset) / period);
  };
  return p;
}

// The work goes up and down, the leak takes its share of each piece of work.
Plan with_load(Random& r) {
  const double onset = r.uniform(2, 3);
  Plan p = steady(r, onset + 10, onset, 0.3, 2);
  const double period = r.log_uniform(1, 8);
  const double depth = r.uniform(0.5, 0.95);
  constexpr double kTurn = 2 * 3.14159265358979323846;
  p.load = [=](double h) { return 1 + depth * std::sin(kTurn * h / period); };
  p.level = [=, rate = p.rate](double h) {
    if (h <= onset) return 1.0;
    const auto work = [=](double t) {  // the integral of the load
      return t - depth * period / kTurn * std::cos(kTurn * t / period);
    };
    return 1 + rate * (work(h) - work(onset));
  };
  return p;
}

// What leaks also works: goroutines that poll, a larger heap to mark.
Plan busy(Random& r) {
  const double onset = r.uniform(2, 3);
  Plan p = steady(r, onset + 6, onset, 0.3, 2);
  const double share = r.uniform(0.1, 0.6);
  p.load = [leak = p.level, share](double h) { return 1 + share * (leak(h) - 1); };
  return p;
}

Plan under_bursts(Random& r) {
  const double onset = r.uniform(2, 3);
  Plan p = steady(r, onset + 6, onset, 0.3, 2);
  const auto more = burst_course(draw_bursts(r, p.hours, r.log_uniform(0.5, 6)));
  p.level = [leak = p.level, more](double h) { return leak(h) + more(h); };
  return p;
}

}  // namespace

std::vector<Family> positive_families() {
  return {
      {"fast", true, "2-20 times the base an hour, from hour 2-3 on, for 3 h", fast},
      {"medium", true, "0.3-2 times the base an hour, for 6 h", medium},
      {"slow", true, "6-30 % of the base an hour, for 10 h", slow},
      {"from_start", true, "0.1-10 times the base an hour, from the start; 12 h", from_start},
      {"batches", true, "0.3-2 times the base an hour, every 5-30 min a batch; 6 h", batches},
      {"with_load", true, "0.3-2 times the base an hour, in proportion to work that varies",
       with_load},
      {"busy", true, "0.3-2 times the base an hour, and 10-60 % of that in work; 6 h", busy},
      {"under_bursts", true, "0.3-2 times the base an hour, under bursts; 6 h", under_bursts},
      {"overnight", true, "0.3-2 MB/h on 50-300 MB with 3 % noise, from the start; 12 h",
       overnight},
      {"overnight_1mb", true, "1 MB/h on 100 MB with 3 % noise, from the start; 12 h",
       overnight_1mb},
  };
}

}  // namespace soakwatch::bench
