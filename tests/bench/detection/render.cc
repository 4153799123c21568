// From a plan to samples: draws what carries the course (goroutines, a live heap, descriptors,
// anonymous memory) and its size.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <memory>

#include "tests/bench/detection/generators.h"
#include "tests/bench/detection/go_heap.h"
#include "tests/bench/detection/negatives.h"
#include "tests/bench/detection/positives.h"

namespace soakwatch::bench {
namespace {

constexpr double kHourSeconds = 3600;
constexpr milliseconds kRound{5000};  // config: sampling.interval
constexpr milliseconds kHeap{15000};  // config: pprof.heap_interval

class Noise {
 public:
  Noise(double deviation, double minutes, double step_seconds)
      : deviation_(deviation), keep_(std::exp(-step_seconds / (60 * minutes))) {}
  double next(Random& random) {
    value_ = keep_ * value_ + std::sqrt(1 - keep_ * keep_) * random.normal();
    return deviation_ * value_;
  }

 private:
  double deviation_;
  double keep_;
  double value_ = 0;
};

double draw_base(Signal signal, Random& r) {
  switch (signal) {
    case Signal::kGoroutines:
      return std::round(r.log_uniform(50, 2000));
    case Signal::kLiveHeap:
      return r.log_uniform(30e6, 500e6);
    case Signal::kOpenFds:
      return std::round(r.log_uniform(40, 1000));
    case Signal::kAnonMemory:
    case Signal::kNativeMemory:
      return r.log_uniform(50e6, 1000e6);
    case Signal::kThreads:
      return std::round(r.log_uniform(8, 100));
  }
  return 1;
}

double draw_limit(Signal signal, double base, Random& r) {
  switch (signal) {
    case Signal::kGoroutines:
    case Signal::kThreads:
      return std::max(10000.0, 4 * base);
    case Signal::kOpenFds:
      return r.chance(0.5) ? std::max(1024.0, 2 * base) : 65536;
    case Signal::kLiveHeap:
    case Signal::kAnonMemory:
    case Signal::kNativeMemory:
      return base * r.log_uniform(4, 16);
  }
  return base;
}

GoHeapOptions draw_heap(const Plan& plan, bool leaks, double base, Random& r) {
  GoHeapOptions o;
  const double kind = r.uniform();
  o.gogc = kind < 0.25 ? 0.5 : 1;
  o.stack_bytes = r.log_uniform(0.5e6, 8e6);
  o.globals_bytes = r.log_uniform(0.3e6, 2e6);
  // From one collection in minutes to several a second.
  o.alloc_bytes_per_second = base * r.log_uniform(0.002, 1);
  if (plan.gogc_off || (leaks && kind > 0.85 && !plan.often_collected)) {
    o.gogc_off = true;
    o.memory_limit_bytes = base * r.uniform(2, 5) + 10e6;
    // A rise to the limit takes a minute to four hours.
    const double seconds = r.log_uniform(plan.gogc_off ? 900 : 60, 4 * kHourSeconds);
    o.alloc_bytes_per_second = (*o.memory_limit_bytes - base) / seconds;
  }
  if (plan.near_limit) o.memory_limit_bytes = base * r.uniform(2.1, 2.8) + 10e6;
  return o;
}

ProcessInfo process_of(const GoHeapOptions& heap) {
  ProcessInfo process;
  if (heap.gogc_off)
    process.gogc_off = true;
  else
    process.gogc_percent = heap.gogc * 100;
  process.gomemlimit_bytes = heap.memory_limit_bytes;
  return process;
}

void set_heap(const GoHeap& heap, const GoHeapOptions& options, MetricValues& values) {
  values.set(Metric::kHeapAllocBytes, std::round(heap.heap_alloc()));
  values.set(Metric::kNextGcBytes, std::round(heap.next_gc()));
  values.set(Metric::kStackInuseBytes, std::round(options.stack_bytes));
  values.set(Metric::kAllocBytesTotal, std::round(heap.allocated_total()));
  values.set(Metric::kGcCyclesTotal, heap.cycles());
  values.set(Metric::kRssBytes, std::round(heap.resident()));
  values.set(Metric::kRssAnonBytes, std::round(heap.resident()));
  // What the runtime holds is what is resident: nothing lies outside the Go heap.
  constexpr double kReleased = 5e6;
  const double idle =
      heap.resident() - heap.heap_alloc() - options.stack_bytes - options.globals_bytes;
  values.set(Metric::kHeapReleasedBytes, kReleased);
  values.set(Metric::kHeapIdleBytes, std::round(std::max(0.0, idle) + kReleased));
  values.set(Metric::kSysBytes, std::round(heap.resident() + kReleased));
}

Signal draw_signal(const Plan& plan, Random& r) {
  constexpr std::array kSignals{Signal::kGoroutines, Signal::kLiveHeap, Signal::kOpenFds,
                                Signal::kAnonMemory};
  return plan.signal.value_or(kSignals[static_cast<std::size_t>(r.below(4))]);
}

bool in_gap(const Plan& plan, double h) {
  return std::any_of(plan.gaps.begin(), plan.gaps.end(),
                     [h](const Interval& gap) { return h >= gap.from && h < gap.until; });
}

// One instance: from the hour `from` on, whose clock starts there.
class Instance {
 public:
  Instance(const Plan& plan, Series& series, double base, const GoHeapOptions& heap, Random& random)
      : plan_(plan), series_(series), base_(base), heap_options_(heap), random_(random) {}

  void run(InstanceId id, double from, double until) {
    const double step = std::chrono::duration<double>(step_length()).count();
    Noise noise(plan_.noise, plan_.noise_minutes, step);
    Noise goroutine_noise(plan_.noise, plan_.noise_minutes, step);
    double noise_now = 0;
    const auto level = [&](double hour) {
      return std::max(0.0, plan_.level(hour) * (1 + noise_now));
    };
    GoHeap heap(heap_options_, [&](double hour) { return base_ * level(hour); });
    const auto creep_hours = random_.log_uniform(1, 8);
    const auto creep_height = random_.log_uniform(0.2, 1);
    const double cpu_share = random_.log_uniform(0.01, 0.5);
    double cpu_seconds = 0;
    int round = 0;
    for (double t = from * kHourSeconds; t < until * kHourSeconds; t += step, ++round) {
      const double hour = t / kHourSeconds - from;
      noise_now = noise.next(random_);
      const double other = 1 + goroutine_noise.next(random_);
      const bool has_heap = series_.signal == Signal::kLiveHeap;
      if (has_heap && round > 0) heap.advance(hour, step, plan_.load(hour), random_);
      cpu_seconds += step * cpu_share * std::max(0.0, plan_.load(hour) * random_.uniform(0.9, 1.1));
      if (in_gap(plan_, t / kHourSeconds)) continue;
      Sample sample;
      sample.instance = id;
      sample.monotonic = milliseconds(std::llround(t * 1000));
      sample.time = kStart + sample.monotonic;
      if (!has_heap) {
        sample.values.set(series_.watched, std::max(1.0, std::round(base_ * level(hour))));
      } else if (!plan_.whole_process || round % (kHeap / kRound) == 0) {
        set_heap(heap, heap_options_, sample.values);
      }
      if (plan_.whole_process) {
        sample.values.set(Metric::kGoroutines, std::round(200 * plan_.level(hour) * other));
        sample.values.set(Metric::kOpenFds, std::round(80 * plan_.level(hour) * other));
      }
      if (plan_.lazy_free) {
        const double crept = 1 + creep_height * std::min(1.0, hour / creep_hours);
        sample.values.set(Metric::kRssBytes, std::round(2.2 * base_ * crept));
        sample.values.set(Metric::kRssAnonBytes, std::round(2.2 * base_ * crept));
        sample.values.set(Metric::kLazyFreeBytes, std::round(2.2 * base_ * (crept - 1)));
      }
      // The kernel counts in ticks of 10 ms.
      sample.values.set(Metric::kCpuSecondsTotal, std::floor(cpu_seconds * 100) / 100);
      series_.samples.push_back(sample);
    }
  }

 private:
  [[nodiscard]] milliseconds step_length() const {
    return plan_.whole_process ? kRound : series_.interval;
  }

  const Plan& plan_;
  Series& series_;
  double base_;
  GoHeapOptions heap_options_;
  Random& random_;
};

Metric watched(Signal signal) {
  return signal == Signal::kLiveHeap ? Metric::kRssBytes : describe(signal).metric;
}

}  // namespace

std::span<const Family> all_families() {
  static const std::vector<Family> families = [] {
    std::vector<Family> all = negative_families();
    const std::vector<Family> leaks = positive_families();
    all.insert(all.end(), leaks.begin(), leaks.end());
    return all;
  }();
  return families;
}

Series generate(const Family& family, std::uint64_t seed) {
  Random random(hash(family.name) ^ (seed * 0x9e3779b97f4a7c15ULL));
  const Plan plan = family.plan(random);
  Series series;
  series.family = family.name;
  series.seed = seed;
  series.signal = draw_signal(plan, random);
  series.watched = watched(series.signal);
  const double base = plan.base.value_or(draw_base(series.signal, random));
  const GoHeapOptions heap = draw_heap(plan, family.leaks, base, random);
  if (series.signal == Signal::kLiveHeap) series.process = process_of(heap);
  series.limit = heap.memory_limit_bytes && series.signal == Signal::kLiveHeap
                     ? *heap.memory_limit_bytes
                     : draw_limit(series.signal, base, random);
  series.interval = series.signal == Signal::kLiveHeap ? kHeap : kRound;
  series.duration = milliseconds(std::llround(plan.hours * kHourSeconds * 1000));
  if (plan.onset) {
    series.truth.onset = milliseconds(std::llround(*plan.onset * kHourSeconds * 1000));
    series.truth.rate_per_hour = plan.rate;
    series.truth.taken_ratio = plan.rate * (plan.hours - *plan.onset);
  }
  std::vector<double> starts{0};
  starts.insert(starts.end(), plan.restarts.begin(), plan.restarts.end());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const double until = i + 1 < starts.size() ? starts[i + 1] : plan.hours;
    Instance(plan, series, base, heap, random)
        .run(static_cast<InstanceId>(i + 1), starts[i], until);
  }
  return series;
}

}  // namespace soakwatch::bench
