#include "cli/analyze/instance_replay.h"

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/options.h"

namespace soakwatch {
namespace {

// Samples that wait for the spacing to be told: heap figures come every third round or less often.
constexpr std::size_t kProbeSamples = 512;
constexpr std::size_t kMostAlerts = 1000;
constexpr std::size_t kMostObservations = 1000;
// Fewer points say nothing about a slope.
constexpr std::size_t kLeastPoints = 4;

constexpr std::size_t kSources = 4;
using Spacings = std::array<std::optional<milliseconds>, kSources>;

constexpr std::size_t index_of(Source source) { return static_cast<std::size_t>(source); }

// The median spacing of the samples that carry a metric of each source.
Spacings measured_spacings(const std::vector<Sample>& samples) {
  std::array<std::optional<milliseconds>, kSources> last;
  std::array<std::vector<milliseconds>, kSources> steps;
  for (const Sample& sample : samples) {
    std::array<bool, kSources> seen{};
    for (const MetricDescriptor& metric : all_metrics()) {
      if (sample.values.has(metric.id)) seen[index_of(metric.source)] = true;
    }
    for (std::size_t source = 0; source < kSources; ++source) {
      if (!seen[source]) continue;
      const auto before = std::exchange(last[source], sample.monotonic);
      if (before && sample.monotonic > *before) steps[source].push_back(sample.monotonic - *before);
    }
  }
  Spacings spacings;
  for (std::size_t source = 0; source < kSources; ++source) {
    auto& all = steps[source];
    if (all.empty()) continue;
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    spacings[source] = *middle;
  }
  return spacings;
}

// What is near to the plan was meant to be the plan, and then the detectors are the daemon's to the
// millisecond. Rounds come a little early or late; heap figures come at the plan's pace at best,
// and less often where they cost more.
milliseconds meant(Source source, const Spacings& spacings, milliseconds planned) {
  const auto measured = spacings[index_of(source)];
  if (!measured) return planned;
  const double ratio =
      static_cast<double>(measured->count()) / static_cast<double>(planned.count());
  const double most = source == Source::kPprofHeap ? 3 : 1.2;
  return ratio >= 0.8 && ratio <= most ? planned : *measured;
}

milliseconds planned_interval(const Config& config, const std::string& target) {
  for (const Target& known : config.targets) {
    if (known.name == target) return known.interval;
  }
  return config.sampling.interval;
}

// The options that the daemon would have had for a target that is sampled so often.
DetectionOptions options_for(const Config& config, const std::string& name,
                             const Spacings& spacings) {
  Source round = Source::kProcRound;
  for (const Source other : {Source::kPprofIndex, Source::kPprofHeap}) {
    if (!spacings[index_of(round)]) round = other;
  }
  Target target;
  target.name = name;
  target.interval = meant(round, spacings, planned_interval(config, name));
  Config fitted;
  fitted.detection = config.detection;
  fitted.pprof = config.pprof;
  fitted.pprof.heap_interval = meant(Source::kPprofHeap, spacings, config.pprof.heap_interval);
  DetectionOptions options = detection_options(fitted, target);
  // A file may carry goroutines, say, on a beat of their own.
  for (SignalOptions& signal : options.signals) {
    const Source source = describe(describe(signal.signal).metric).source;
    signal.interval = std::max(signal.interval, meant(source, spacings, signal.interval));
  }
  return options;
}

bool is_open(const Alert& alert) {
  return alert.state == AlertState::kPending || alert.state == AlertState::kFiring ||
         alert.state == AlertState::kPlateau;
}

SeriesState state_of(const Alert& alert) {
  if (alert.state == AlertState::kPending) return SeriesState::kSuspect;
  return alert.state == AlertState::kPlateau ? SeriesState::kPlateau : SeriesState::kGrowing;
}

}  // namespace

InstanceReplay::InstanceReplay(const Config& config, AlertSubject subject, ProcessInfo process,
                               std::function<AlertId()> next_id)
    : config_(config),
      subject_(std::move(subject)),
      process_(std::move(process)),
      tracker_(alert_options(config.alerts), std::move(next_id)) {}

void InstanceReplay::add(WallTime time, milliseconds clock, const MetricValues& values) {
  if (samples_++ == 0) first_ = time;
  if (samples_ > 1 && clock < reading_) {
    ++outcome_.clock_steps;
    if (!outcome_.first_clock_step) outcome_.first_clock_step = ClockStep{last_, time};
  }
  last_ = time;
  reading_ = clock;
  Sample sample{subject_.instance, time, clock, values};
  if (course_) {
    judge(sample);
    return;
  }
  waiting_.push_back(sample);
  if (waiting_.size() == kProbeSamples) begin_judging();
}

void InstanceReplay::begin_judging() {
  const Spacings spacings = measured_spacings(waiting_);
  for (const auto& spacing : spacings) {
    if (spacing && (interval_ == milliseconds(0) || *spacing < interval_)) interval_ = *spacing;
  }
  options_ = options_for(config_, subject_.target_name, spacings);
  course_.emplace(interval_);
  // What is so short has no full window, and a detector takes longer to make than its rows to read.
  if (waiting_.size() * 2 >= static_cast<std::size_t>(options_.blocks.window))
    judge_ = std::make_unique<ProcessJudge>(options_, process_);
  for (const Sample& sample : std::exchange(waiting_, {})) judge(sample);
}

void InstanceReplay::judge(Sample sample) {
  // A clock that was set back says nothing about the time that has passed: most likely a round.
  if (!begin_) {
    begin_ = now_ = sample.monotonic;
  } else {
    now_ += sample.monotonic >= judged_reading_ ? sample.monotonic - judged_reading_ : interval_;
  }
  judged_reading_ = sample.monotonic;
  sample.monotonic = now_;
  course_->add(now_, sample.values);
  if (!judge_) return;
  for (const Judgement& judgement : judge_->observe(sample)) {
    take(judgement.finding ? tracker_.condition_holds(subject_, *judgement.finding, sample.time)
                           : tracker_.condition_absent(subject_, judgement.detector, sample.time));
  }
  for (Observation& observation : judge_->take_observations()) {
    if (outcome_.observations.size() < kMostObservations) {
      outcome_.observations.push_back(std::move(observation));
    } else {
      outcome_.left_out = true;
    }
  }
}

void InstanceReplay::take(const std::vector<AlertTransition>& transitions) {
  for (const AlertTransition& transition : transitions) {
    const Alert& alert = transition.alert;
    if (alert.state == AlertState::kFiring && alert.finding.is_leak) outcome_.leaks = true;
    // Open ones are kept at the end, with their latest figures.
    if (!is_open(alert) && alert.fired_at) keep(alert, transition.reason);
  }
}

void InstanceReplay::keep(const Alert& alert, const std::string& reason) {
  if (outcome_.alerts.size() < kMostAlerts) {
    outcome_.alerts.push_back({alert, reason});
  } else {
    outcome_.left_out = true;
  }
}

std::vector<Sensitivity> InstanceReplay::sensitivity() const {
  if (judge_) return judge_->sensitivity();
  std::vector<Sensitivity> all;
  for (const SignalOptions& signal : options_.signals) {
    const SignalDescriptor& of = describe(signal.signal);
    all.push_back({std::string(of.detector), of.metric, {}, 0, {}});
  }
  return all;
}

SeriesResult InstanceReplay::series(Metric metric,
                                    const std::vector<Sensitivity>& sensitivity) const {
  SeriesResult result;
  result.metric = metric;
  result.samples = course_->samples(metric);
  result.span = course_->span(metric);
  for (const Sensitivity& of : sensitivity) {
    if (of.metric != metric) continue;
    const bool full = of.slope_per_hour.has_value();
    result.state = std::max(result.state, full ? SeriesState::kSteady : SeriesState::kTooShort);
    if (full && (!result.detectable || *of.slope_per_hour < *result.detectable)) {
      result.detectable = of.slope_per_hour;
      result.confidence = of.confidence;
    }
  }
  const std::vector<Point> points = course_->points(metric);
  if (points.size() >= kLeastPoints) result.slope = theil_sen(points);
  for (const Alert& alert : tracker_.open_alerts()) {
    const Finding& finding = alert.finding;
    if (finding.metric != metric || !finding.is_leak || state_of(alert) < result.state) continue;
    result.state = state_of(alert);
    result.slope = {finding.slope_per_hour, finding.slope_low, finding.slope_high};
  }
  return result;
}

InstanceOutcome InstanceReplay::finish(const std::optional<std::string>& end_reason) {
  if (!course_) begin_judging();
  const std::vector<Sensitivity> seen = sensitivity();
  outcome_.has_full_window =
      std::any_of(seen.begin(), seen.end(), [](const Sensitivity& s) { return s.slope_per_hour; });
  outcome_.result = {subject_.instance, subject_.target_name,         subject_.pid, first_, last_,
                     samples_,          now_ - begin_.value_or(now_), {},           seen};
  for (const MetricDescriptor& metric : all_metrics()) {
    if (course_->samples(metric.id) > 0) outcome_.result.series.push_back(series(metric.id, seen));
  }
  for (const Alert& alert : tracker_.open_alerts()) {
    if (alert.finding.is_leak && state_of(alert) == SeriesState::kSuspect)
      outcome_.suspected = true;
    // What fired is resolved by the end of the process, below.
    if (!alert.fired_at || !end_reason) keep(alert, {});
  }
  if (end_reason) take(tracker_.instance_ended(subject_.instance, last_, *end_reason));
  return std::move(outcome_);
}

}  // namespace soakwatch
