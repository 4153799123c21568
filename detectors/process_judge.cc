#include "detectors/process_judge.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "detectors/cpu_doubling_detector.h"
#include "detectors/fusion.h"
#include "detectors/gc_pressure_detector.h"

namespace soakwatch {
namespace {

// Growth beyond what was acquitted, by half as much again, is on trial anew.
constexpr double kMoreThanAcquitted = 1.5;

}  // namespace

struct ProcessJudge::Impl {
  explicit Impl(milliseconds block) : fusion(block) {}

  std::vector<std::unique_ptr<GrowthDetector>> growth;
  Detectors others;
  Fusion fusion;
  Findings raw;        // as the detectors gave them, while they hold
  Findings explained;  // as they were last said
  // Detectors whose growth was told to be no leak, with that growth: it stays acquitted when it
  // levels off and nothing accounts for the standstill.
  std::map<std::string, double> acquitted;
  std::vector<Observation> observations;

  void explain(const std::vector<std::string>& judged, WallTime now,
               std::vector<Judgement>& judgements);
};

namespace {

milliseconds longest_interval(const DetectionOptions& options) {
  milliseconds longest{0};
  for (const SignalOptions& signal : options.signals) {
    longest = std::max(longest, trend_options(options, signal).blocks.block);
  }
  return std::max(longest, options.blocks.block);
}

// Ticks count from the boot and go on while the machine sleeps, so that this is never too early.
std::optional<milliseconds> started(const ProcessInfo& process) {
  constexpr milliseconds kTick{10};  // USER_HZ is 100 on every architecture that Debian builds for
  if (process.id.start_ticks == 0) return std::nullopt;
  return kTick * static_cast<std::int64_t>(process.id.start_ticks);
}

bool same_words(const Finding& a, const Finding& b) {
  return a.root == b.root && a.cause == b.cause && a.grade == b.grade;
}

}  // namespace

ProcessJudge::ProcessJudge() : ProcessJudge(Detectors{}) {}

ProcessJudge::ProcessJudge(const DetectionOptions& options, const ProcessInfo& process)
    : impl_(std::make_unique<Impl>(longest_interval(options))) {
  impl_->growth = make_detectors(options, process);
  if (options.cpu_doubling) {
    CpuDoublingOptions cpu;
    cpu.warm_up = options.warm_up;
    impl_->others.push_back(std::make_unique<CpuDoublingDetector>(cpu));
  }
  if (options.gc_pressure) {
    GcPressureOptions gc;
    gc.warm_up = options.warm_up;
    impl_->others.push_back(std::make_unique<GcPressureDetector>(gc, started(process)));
  }
}

ProcessJudge::ProcessJudge(Detectors detectors)
    : impl_(std::make_unique<Impl>(std::chrono::minutes(1))) {
  impl_->others = std::move(detectors);
}

ProcessJudge::ProcessJudge(ProcessJudge&&) noexcept = default;
ProcessJudge& ProcessJudge::operator=(ProcessJudge&&) noexcept = default;
ProcessJudge::~ProcessJudge() = default;

std::vector<Judgement> ProcessJudge::observe(const Sample& sample) {
  std::vector<Judgement> judgements;
  impl_->fusion.observe(sample);
  std::vector<std::string> judged;
  for (const auto& detector : impl_->growth) {
    auto judgement = detector->observe(sample);
    if (!judgement) continue;
    if (detector->step()) impl_->observations.push_back(*detector->step());
    if (judgement->finding) {
      impl_->raw.insert_or_assign(judgement->detector, std::move(*judgement->finding));
    } else {
      impl_->raw.erase(judgement->detector);
    }
    judged.push_back(std::move(judgement->detector));
  }
  if (!judged.empty()) impl_->explain(judged, sample.time, judgements);
  for (const auto& detector : impl_->others) {
    if (auto judgement = detector->observe(sample)) judgements.push_back(std::move(*judgement));
  }
  return judgements;
}

void ProcessJudge::Impl::explain(const std::vector<std::string>& judged, WallTime now,
                                 std::vector<Judgement>& judgements) {
  Findings fresh = raw;
  if (!fresh.empty()) {
    for (Observation& innocent : fusion.explain(fresh, now)) {
      // Said once, until the growth itself is over.
      const auto found = raw.find(innocent.detector);
      const bool is_new =
          acquitted.insert_or_assign(innocent.detector, found->second.growth()).second;
      if (is_new) observations.push_back(std::move(innocent));
    }
  }
  std::erase_if(acquitted, [&](const auto& told) { return !raw.contains(told.first); });
  std::erase_if(fresh, [&](const auto& finding) {
    const auto told = acquitted.find(finding.first);
    return told != acquitted.end() && finding.second.growth() < kMoreThanAcquitted * told->second;
  });
  const auto was_judged = [&](const std::string& detector) {
    return std::find(judged.begin(), judged.end(), detector) != judged.end();
  };
  // A root first: who hears of a child can look it up.
  for (const bool child : {false, true}) {
    for (const auto& [detector, finding] : fresh) {
      if (finding.root.empty() == child) continue;
      const auto before = explained.find(detector);
      if (was_judged(detector) || before == explained.end() ||
          !same_words(before->second, finding)) {
        judgements.push_back({detector, finding});
      }
    }
  }
  for (const std::string& detector : judged) {
    if (!fresh.contains(detector)) judgements.push_back({detector, std::nullopt});
  }
  // What was acquitted or lost its ground by another signal's judgement.
  for (const auto& [detector, finding] : explained) {
    if (!fresh.contains(detector) && !was_judged(detector)) {
      judgements.push_back({detector, std::nullopt});
    }
  }
  explained = std::move(fresh);
}

std::vector<Observation> ProcessJudge::take_observations() {
  return std::exchange(impl_->observations, {});
}

std::vector<Sensitivity> ProcessJudge::sensitivity() const {
  std::vector<Sensitivity> all;
  for (const auto& detector : impl_->growth) {
    if (detector->seen()) all.push_back(detector->sensitivity());
  }
  return all;
}

}  // namespace soakwatch
