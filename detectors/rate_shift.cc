#include "detectors/rate_shift.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "detectors/floor_gates.h"
#include "detectors/theil_sen.h"

namespace soakwatch {
namespace {

// Of an exact doubling half of the minutes would fall below twice the level.
constexpr double kNoiseAllowance = 0.9;
// The rate must exceed the level of nine minutes in ten of the base by a quarter.
constexpr double kHighShare = 0.9;
constexpr double kNewRatio = 1.25;
// Page's CUSUM (1954) in the form of a likelihood ratio of two normal levels of log2 of the rate:
// d apart, with deviation s, a value x counts d / s^2 * (x - d/2). Of independent minutes it gives
// a false alarm in e^h at most (Lorden 1971). Twice ln(1.44 million), which is a thousand days of
// minutes, because minutes resemble each other.
constexpr double kEvidence = 28.4;
// What is not decided after half an hour begins anew, with a base that knows it.
constexpr std::int64_t kLongestEvidenceMinutes = 30;
// Minutes in a batch, to see how far the level itself wanders (the method of batch means).
constexpr std::size_t kBatch = 10;
// Standard deviation of a normal variable, in its median absolute deviations.
constexpr double kDeviationsPerMad = 1.4826;
// The noise of log2 is taken as 7 % at least: processor time is counted in ticks of 10 ms, and an
// idle machine is too quiet an hour to learn from.
constexpr double kLeastNoise = 0.1;
// The latest minutes, without the least and the greatest, are alike within the half of a doubling,
// or within the noise of the base.
constexpr double kSteadyRange = 0.5;
constexpr double kSteadyDeviations = 3;
constexpr std::size_t kReleaseMinutes = 5;

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> result(values.begin(), values.end());
  std::sort(result.begin(), result.end());
  return result;
}

// The deviation of independent values whose batches would have means as unlike as these.
double batch_noise(const std::vector<double>& values) {
  std::vector<double> means;
  for (std::size_t at = values.size() % kBatch; at < values.size(); at += kBatch) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(at);
    means.push_back(std::accumulate(first, first + kBatch, 0.0) / kBatch);
  }
  if (means.size() < 2) return 0;
  const auto n = static_cast<double>(means.size());
  const double mean = std::accumulate(means.begin(), means.end(), 0.0) / n;
  double squares = 0;
  for (const double m : means) squares += (m - mean) * (m - mean);
  return std::sqrt(kBatch * squares / (n - 1));
}

}  // namespace

RateShift::RateShift(const RateShiftOptions& options)
    : options_(options), window_(kRecentMinutes, kBaseMinutes) {
  options_.least_base_minutes = std::clamp(options.least_base_minutes, 1, kBaseMinutes);
}

std::optional<ShiftJudgement> RateShift::add(std::int64_t minute, double rate, double load_ratio) {
  if (!std::isfinite(rate) || (minute_ && minute <= *minute_)) return std::nullopt;
  if (minute_ && minute != *minute_ + 1) {
    window_.clear();
    evidence_ = 0;
  }
  minute_ = minute;
  // Far below the least level nothing differs; and a rate of zero has no logarithm.
  window_.push(std::max(rate, options_.least_rate / 10));
  if (held_) {
    // After a hole the latest minutes alone can tell whether the rate has come back.
    if (window_.recent().size() < kRecentMinutes) return std::nullopt;
    return judge_held();
  }
  if (window_.before().size() < static_cast<std::size_t>(options_.least_base_minutes)) {
    return std::nullopt;
  }
  if (evidence_ <= 0 && is_calm()) {
    return ShiftJudgement{};  // the usual case; a base would not be used
  }
  if (evidence_ <= 0 || minute - evidence_since_ >= kLongestEvidenceMinutes) {
    base_ = measure_base();
    evidence_ = 0;
    evidence_since_ = minute;
  }
  weigh(window_.recent().back());
  return judge(load_ratio);
}

// Whether the latest minute is no evidence, whatever the median of the base is: it lies below half
// the distance from the least half of the base.
bool RateShift::is_calm() const {
  const std::span<const double> before = window_.before();
  const double bar = window_.recent().back() / std::sqrt(options_.ratio);
  const auto above =
      std::count_if(before.begin(), before.end(), [bar](double r) { return r >= bar; });
  return 2 * static_cast<std::size_t>(above) > before.size();
}

RateShift::Base RateShift::measure_base() const {
  const std::span<const double> before = window_.before();
  const std::vector<double> rates = sorted(before);
  Base base;
  base.median = median(rates);
  base.high = rates[static_cast<std::size_t>(kHighShare * static_cast<double>(rates.size() - 1))];
  std::vector<double> logs;
  std::vector<double> off;
  logs.reserve(before.size());
  off.reserve(before.size());
  for (const double rate : before) logs.push_back(std::log2(rate / base.median));
  for (const double x : logs) off.push_back(std::fabs(x));
  base.noise = std::max(kDeviationsPerMad * median(off), kLeastNoise);
  base.level_noise = std::max(base.noise, batch_noise(logs));
  return base;
}

void RateShift::weigh(double rate) {
  const double distance = std::log2(options_.ratio);
  // No minute counts for more than one at the new level: duration is evidence, height is not.
  const double x = std::min(std::log2(rate / base_.median), distance);
  evidence_ += distance / (base_.level_noise * base_.level_noise) * (x - distance / 2);
  // Bounded, so that a long past is forgotten as fast as it was learnt.
  evidence_ = std::clamp(evidence_, 0.0, 2 * kEvidence);
}

ShiftJudgement RateShift::judge(double load_ratio) {
  const std::vector<double> recent = sorted(window_.recent());
  const double low = recent[1];  // five of six minutes reach it
  ShiftJudgement j;
  j.base = base_.median;
  j.current = median(recent);
  j.minutes = static_cast<std::int64_t>(window_.before().size() + window_.recent().size());
  j.since_minute = std::max(evidence_since_, *minute_ + 1 - j.minutes);
  const auto gate = [&j](const char* name, bool passed, double measured, double threshold,
                         const char* meaning) {
    j.gates.push_back({name, passed, measured, threshold, meaning});
  };
  const double doubled = options_.ratio * kNoiseAllowance * base_.median;
  gate("doubled", low >= doubled, low, doubled, "rate in five of the latest six minutes, at least");
  if (low < doubled) return j;  // the usual case

  gate("level", j.current >= options_.least_rate, j.current, options_.least_rate,
       "rate now, at least");
  gate("new", low >= kNewRatio * base_.high, low, kNewRatio * base_.high,
       "rate in five of the latest six minutes, above nine in ten of the hour before by a quarter");
  gate("evidence", evidence_ >= kEvidence, evidence_, kEvidence,
       "logarithm of the odds that the level has moved, at least");
  const double range = std::log2(recent[kRecentMinutes - 2] / recent[1]);
  const double steady = std::max(kSteadyRange, kSteadyDeviations * base_.noise);
  gate("steady", range <= steady, range, steady,
       "spread of the latest minutes without the least and the greatest, in doublings, at most");
  if (!std::isnan(load_ratio)) {
    const double explained = kLoadFactor * std::max(0.0, load_ratio - 1);
    const double growth = j.current / base_.median - 1;
    gate("load", growth >= explained, growth, explained,
         "growth as a share, at least, against the growth of the work asked for");
  }
  j.shifted = all_passed(j.gates);
  if (j.shifted) held_ = Held{base_.median, j.since_minute, *minute_};
  return j;
}

ShiftJudgement RateShift::judge_held() {
  const std::vector<double> recent = sorted(window_.recent());
  ShiftJudgement j;
  j.base = held_->base;
  j.current = median(recent);
  j.since_minute = held_->since_minute;
  j.minutes = *minute_ + 1 - held_->since_minute;
  const double released = options_.release_ratio * held_->base;
  const auto latest = window_.recent().last(kReleaseMinutes);
  const double greatest = *std::max_element(latest.begin(), latest.end());
  const std::int64_t held_for = *minute_ - held_->found_minute;
  j.gates.push_back({"not_released", greatest >= released, greatest, released,
                     "greatest rate of the latest five minutes, at least"});
  j.gates.push_back({"not_settled", held_for < options_.settled_minutes,
                     static_cast<double>(held_for), static_cast<double>(options_.settled_minutes),
                     "minutes since it was found, below"});
  j.shifted = all_passed(j.gates);
  if (!j.shifted) {
    held_.reset();
    evidence_ = 0;
  }
  return j;
}

}  // namespace soakwatch
