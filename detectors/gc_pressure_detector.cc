#include "detectors/gc_pressure_detector.h"

#include <algorithm>
#include <vector>

#include "detectors/theil_sen.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMinutes = 5;
// The runtime collects every two minutes at the latest (runtime/proc.go, forcegcperiod), unless
// GOGC=off. After more than this without a collection there is no pressure.
constexpr milliseconds kLongestWithoutGc{300000};
// It is over when most minutes are below four fifths of the share: not at each turn around it.
constexpr double kReleased = 0.8;

}  // namespace

GcPressureDetector::GcPressureDetector(const GcPressureOptions& options,
                                       std::optional<milliseconds> started)
    : options_(options), started_(started), share_(kLongestWithoutGc), minutes_(kMinutes, 0) {}

std::optional<Judgement> GcPressureDetector::observe(const Sample& sample) {
  if (!first_) {
    first_ = sample.monotonic;
    started_ = std::min(started_.value_or(sample.monotonic), sample.monotonic);
  }
  const auto fraction = sample.values.get(Metric::kGcCpuFraction);
  if (!fraction || !(*fraction >= 0 && *fraction <= 1)) return std::nullopt;
  if (take(sample, *fraction)) {
    if (sample.monotonic - *first_ < options_.warm_up) return std::nullopt;
    return judge(sample);
  }
  if (since_ && sample.monotonic - last_collection_ > kLongestWithoutGc) return end();
  return std::nullopt;
}

bool GcPressureDetector::take(const Sample& sample, double fraction) {
  const auto cycles = sample.values.get(Metric::kGcCyclesTotal);
  const bool stands_still = cycles ? cycles == cycles_ : fraction == fraction_;
  if (stands_still) return false;
  cycles_ = cycles;
  fraction_ = fraction;
  last_collection_ = sample.monotonic;
  const std::chrono::duration<double> age = sample.monotonic - *started_;
  // It is read some seconds after the collection that it tells of, which may make it seem to step
  // back.
  collected_ = std::max(collected_, fraction * age.count());
  const std::vector<MinuteOfRate> closed = share_.add(sample.monotonic, collected_);
  for (const MinuteOfRate& minute : closed) {
    if (minute_ && minute.minute != *minute_ + 1) minutes_.clear();
    minute_ = minute.minute;
    minutes_.push(std::min(minute.rate, 1.0));
  }
  return !closed.empty();
}

std::optional<Judgement> GcPressureDetector::judge(const Sample& sample) {
  std::vector<double> shares(minutes_.recent().begin(), minutes_.recent().end());
  if (shares.size() < kMinutes) return std::nullopt;
  std::sort(shares.begin(), shares.end());
  const double now = median(shares);
  Gate gate{"share", shares[0] > options_.least_share, shares[0], options_.least_share,
            "share of the processor time in each of the latest five minutes, above"};
  if (since_) {
    const double released = kReleased * options_.least_share;
    gate = {"not_released", now > released, now, released,
            "share of the processor time in most of the latest five minutes, above"};
  }
  if (!gate.passed) return end();
  constexpr std::chrono::minutes kSpan{kMinutes};
  if (!since_) since_ = sample.time - kSpan;
  Finding f;
  f.detector = name();
  f.metric = Metric::kGcCpuFraction;
  f.severity = Severity::kInfo;
  f.is_leak = false;
  f.base = fraction_;
  f.current = now;
  f.since = *since_;
  f.span = kSpan;
  f.gates = {std::move(gate)};
  f.summary = "garbage collection takes " + format_value(f.metric, now) +
              " of the processor time that the program may use (" + format_value(f.metric, f.base) +
              " since its start)";
  return Judgement{name(), std::move(f)};
}

Judgement GcPressureDetector::end() {
  since_.reset();
  return {name(), std::nullopt};
}

}  // namespace soakwatch
