#include "detectors/cpu_doubling_detector.h"

#include <algorithm>
#include <cmath>

#include "model/printable.h"

namespace soakwatch {
namespace {

// A longer pause in the readings leaves it open which of its minutes did the work.
constexpr milliseconds kLongestPause{120000};
// Bytes allocated rose "in step" where their factor is between these shares of the rate's, and
// "not" below a quarter more.
constexpr double kInStepLow = 0.7;
constexpr double kInStepHigh = 1.4;
constexpr double kNotRisen = 1.25;

std::string percent(double cores) { return format_value(Metric::kGcCpuFraction, cores); }

}  // namespace

void CpuDoublingDetector::Beside::close_minute() {
  minutes.push(latest.value_or(std::nan("")));
  latest.reset();
}

double CpuDoublingDetector::Beside::ratio(double least_rise) const {
  const auto before = minutes.median_before();
  const auto now = minutes.recent_median();
  if (!before || !now) return std::nan("");
  if (*now - *before < least_rise) return 1;
  return *now / std::max(*before, 1.0);
}

CpuDoublingDetector::CpuDoublingDetector(const CpuDoublingOptions& options)
    : options_(options), cpu_(kLongestPause), allocation_(kLongestPause), shift_(options.shift) {}

std::optional<Judgement> CpuDoublingDetector::observe(const Sample& sample) {
  if (!first_) first_ = sample.monotonic;
  if (sample.monotonic - *first_ < options_.warm_up) return std::nullopt;
  const auto take = [&sample](Metric metric, Beside& beside) {
    if (const auto value = sample.values.get(metric)) beside.latest = *value;
  };
  take(Metric::kGoroutines, goroutines_);
  take(Metric::kOpenFds, open_fds_);
  if (const auto bytes = sample.values.get(Metric::kAllocBytesTotal)) {
    for (const MinuteOfRate& m : allocation_.add(sample.monotonic, *bytes)) {
      allocated_.latest = m.rate;
    }
  }
  const auto cpu = sample.values.get(Metric::kCpuSecondsTotal);
  if (!cpu) return std::nullopt;
  judgement_.reset();
  for (const MinuteOfRate& minute : cpu_.add(sample.monotonic, *cpu)) close_minute(minute);
  if (!judgement_) return std::nullopt;
  Judgement result{name(), std::nullopt};
  if (judgement_->shifted) result.finding = finding(*judgement_, sample);
  return result;
}

void CpuDoublingDetector::close_minute(const MinuteOfRate& minute) {
  for (Beside* beside : {&allocated_, &goroutines_, &open_fds_}) {
    if (minute_ && minute.minute != *minute_ + 1) beside->minutes.clear();
    beside->close_minute();
  }
  minute_ = minute.minute;
  // fmax passes over the one that is not known.
  const double load = std::fmax(goroutines_.ratio(options_.least_load_rise),
                                open_fds_.ratio(options_.least_load_rise));
  const bool held = shift_.holds();
  judgement_ = shift_.add(minute.minute, minute.rate, load);
  if (!held && shift_.holds()) allocated_ratio_ = allocated_.ratio(0);
}

Finding CpuDoublingDetector::finding(const ShiftJudgement& judgement, const Sample& sample) const {
  const auto minutes = [](std::int64_t n) { return std::chrono::minutes(n); };
  Finding f;
  f.detector = name();
  f.metric = Metric::kCpuSecondsTotal;
  f.severity = Severity::kInfo;
  f.is_leak = false;
  f.base = judgement.base;
  f.current = judgement.current;
  f.since = sample.time - (sample.monotonic - minutes(judgement.since_minute));
  f.span = minutes(judgement.minutes);
  f.gates = judgement.gates;
  const double ratio = judgement.current / judgement.base;
  f.summary =
      "processor time rose from " + percent(f.base) + " to " + percent(f.current) + " of a core";
  // NaN compares as neither.
  if (allocated_ratio_ >= kInStepLow * ratio && allocated_ratio_ <= kInStepHigh * ratio) {
    f.summary += "; bytes allocated rose in step: more work, or the same work done twice";
  } else if (allocated_ratio_ < kNotRisen) {
    f.summary += "; bytes allocated did not rise: the work itself got dearer, or something spins";
  }
  return f;
}

}  // namespace soakwatch
