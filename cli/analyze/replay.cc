#include "cli/analyze/replay.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "cli/analyze/verdict.h"

namespace soakwatch {
namespace {

// Who was silent for fewer of its intervals than this is still there.
constexpr int kSilentIntervals = 20;
constexpr const char* kRestarted = "the process was restarted";

// The time by which an alert stands in the list.
WallTime time_of(const Alert& alert) { return alert.fired_at.value_or(alert.pending_since); }

// Moves as many as there is room for; false: some were left out.
template <class T, class Make>
bool append(std::vector<T>& to, std::size_t most, std::size_t count, Make make) {
  const std::size_t room = most - std::min(most, to.size());
  for (std::size_t i = 0; i < std::min(room, count); ++i) to.push_back(make(i));
  return count <= room;
}

}  // namespace

void Replay::begin(const std::string& target, const ProcessInfo& process) {
  while (!open_.empty()) close(open_.begin());
  open(target, process);
}

void Replay::add(WallTime time, milliseconds monotonic, const MetricValues& values) {
  ++analysis_.samples;
  open_.front().replay.add(time, monotonic, values);
}

void Replay::ended(const std::string& reason) { open_.front().end_reason = reason; }

Result<void> Replay::add_row(const std::string& target, int pid, WallTime time,
                             const MetricValues& values) {
  const auto cpu = values.get(Metric::kCpuSecondsTotal);
  auto found = open_.begin();
  if (open_.empty() || found->key.second != pid || found->key.first != target) {
    const auto known = by_key_.find({target, pid});
    found = known == by_key_.end() ? open_.end() : known->second;
  }
  if (found != open_.end() && cpu && found->cpu_seconds && *cpu < *found->cpu_seconds) {
    found->end_reason = kRestarted;
    close(found);
    found = open_.end();
  }
  if (found == open_.end()) {
    if (auto room = make_room(time); !room) return room;
    ProcessInfo process;
    process.id.pid = pid;
    found = open(target, process);
  } else if (found != open_.begin()) {
    open_.splice(open_.begin(), open_, found);
  }
  if (cpu) found->cpu_seconds = cpu;
  ++analysis_.samples;
  found->replay.add(time, time.time_since_epoch(), values);
  return {};
}

Replay::OpenList::iterator Replay::open(const std::string& target, const ProcessInfo& process) {
  const AlertSubject subject{0, target, ++analysis_.instance_count, process.id.pid};
  open_.push_front({{target, process.id.pid},
                    InstanceReplay(config_, subject, process, [this] { return ++last_alert_; }),
                    {},
                    {}});
  by_key_[open_.front().key] = open_.begin();
  return open_.begin();
}

Result<void> Replay::make_room(WallTime now) {
  if (open_.size() < kMostOpenInstances) return {};
  const auto oldest = std::prev(open_.end());
  const milliseconds silent = now - oldest->replay.last();
  const milliseconds spacing = oldest->replay.spacing();
  const milliseconds interval = spacing > milliseconds(0) ? spacing : config_.sampling.interval;
  if (silent < kSilentIntervals * interval) {
    return Error{ErrorKind::kTooLarge, "more than " + std::to_string(kMostOpenInstances) +
                                           " processes at a time: choose one with --target"};
  }
  close(oldest);
  return {};
}

void Replay::close(OpenList::iterator instance) {
  // A process is over when another one of its target began after its last sample.
  const bool followed = std::any_of(open_.begin(), open_.end(), [&](const Open& other) {
    return other.key.first == instance->key.first && other.key.second != instance->key.second &&
           other.replay.first() > instance->replay.last();
  });
  if (followed && !instance->end_reason) instance->end_reason = kRestarted;
  collect(instance->replay.finish(instance->end_reason));
  by_key_.erase(instance->key);
  open_.erase(instance);
}

void Replay::collect(InstanceOutcome outcome) {
  leaks_ = leaks_ || outcome.leaks;
  suspected_ = suspected_ || outcome.suspected;
  has_full_window_ = has_full_window_ || outcome.has_full_window;
  analysis_.clock_steps += outcome.clock_steps;
  if (!analysis_.first_clock_step) analysis_.first_clock_step = outcome.first_clock_step;
  const std::int64_t number = outcome.result.number;
  const bool all_alerts = append(analysis_.alerts, kMostListedAlerts, outcome.alerts.size(),
                                 [&](std::size_t i) { return std::move(outcome.alerts[i]); });
  const bool all_observations =
      append(analysis_.observations, kMostListedObservations, outcome.observations.size(),
             [&](std::size_t i) {
               return ObservationResult{number, std::move(outcome.observations[i])};
             });
  const bool all_instances = append(analysis_.instances, kMostListedInstances, 1,
                                    [&](std::size_t) { return std::move(outcome.result); });
  if (outcome.left_out || !all_alerts || !all_observations || !all_instances)
    analysis_.left_out = true;
}

Analysis Replay::finish() {
  // Those that were silent for longest first, so that who followed them is still there.
  while (!open_.empty()) close(std::prev(open_.end()));
  std::sort(analysis_.instances.begin(), analysis_.instances.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  std::sort(analysis_.alerts.begin(), analysis_.alerts.end(), [](const auto& a, const auto& b) {
    return std::tuple(time_of(a.alert), a.alert.id) < std::tuple(time_of(b.alert), b.alert.id);
  });
  std::sort(analysis_.observations.begin(), analysis_.observations.end(),
            [](const auto& a, const auto& b) {
              return std::tuple(a.observation.time, a.instance) <
                     std::tuple(b.observation.time, b.instance);
            });
  analysis_.verdict = leaks_                            ? Verdict::kLeak
                      : suspected_ || !has_full_window_ ? Verdict::kInconclusive
                                                        : Verdict::kClean;
  analysis_.summary = verdict_summary(analysis_);
  return std::move(analysis_);
}

}  // namespace soakwatch
