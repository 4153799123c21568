#include "detectors/process_judge.h"

#include <utility>

namespace soakwatch {

struct ProcessJudge::Impl {
  Detectors detectors;
  std::vector<Observation> observations;
};

ProcessJudge::ProcessJudge() : ProcessJudge(Detectors{}) {}

ProcessJudge::ProcessJudge(const DetectionOptions& options, const ProcessInfo& process)
    : ProcessJudge(make_detectors(options, process)) {}

ProcessJudge::ProcessJudge(Detectors detectors)
    : impl_(std::make_unique<Impl>(Impl{std::move(detectors), {}})) {}

ProcessJudge::ProcessJudge(ProcessJudge&&) noexcept = default;
ProcessJudge& ProcessJudge::operator=(ProcessJudge&&) noexcept = default;
ProcessJudge::~ProcessJudge() = default;

std::vector<Judgement> ProcessJudge::observe(const Sample& sample) {
  std::vector<Judgement> judgements;
  for (const auto& detector : impl_->detectors) {
    if (auto judgement = detector->observe(sample)) judgements.push_back(std::move(*judgement));
  }
  return judgements;
}

std::vector<Observation> ProcessJudge::take_observations() {
  return std::exchange(impl_->observations, {});
}

std::vector<Sensitivity> ProcessJudge::sensitivity() const { return {}; }

}  // namespace soakwatch
