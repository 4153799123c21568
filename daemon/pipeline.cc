#include "daemon/pipeline.h"

#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr milliseconds kAlertUpdateInterval{60000};
constexpr const char* kEndedUnwatched = "ended while nobody watched";

std::string command_of(const ProcessInfo& process) {
  return printable(process.cmdline.empty() ? process.comm : process.cmdline);
}

}  // namespace

Pipeline::Pipeline(const Parts& parts)
    : parts_(parts), tracker_(parts.alerts, [this] {
        return parts_.store != nullptr ? parts_.store->next_alert_id() : ++last_id_;
      }) {}

Result<void> Pipeline::restore(SampleReader& reader,
                               const std::function<bool(const ProcessId&)>& is_alive,
                               WallTime now) {
  constexpr std::size_t kMaxOpenAlerts = 10000;
  auto alerts = reader.alerts(true, kMaxOpenAlerts);
  if (!alerts) return alerts.error();
  tracker_.restore(*alerts);
  auto targets = reader.targets();
  if (!targets) return targets.error();
  for (const TargetRow& row : *targets) target_names_[row.id] = row.name;
  auto instances = reader.instances();
  if (!instances) return instances.error();
  for (const InstanceRow& row : *instances) {
    if (row.ended) continue;
    if (is_alive(row.process.id)) {
      unfinished_.emplace(row.target, row.id);
    } else {
      ended(row.target, row.id, kEndedUnwatched, kEndedUnwatched, now);
    }
  }
  return {};
}

TargetId Pipeline::add_target(const Target& target, WallTime now) {
  const TargetId id =
      parts_.store != nullptr ? parts_.store->target_id(target.name, target.spec, now) : ++last_id_;
  target_names_[id] = target.name;
  return id;
}

Pipeline::Begin Pipeline::identify(TargetId target, const ProcessInfo& process, WallTime now) {
  const bool earlier = !seen_.insert(target).second;
  if (parts_.store == nullptr) return {++last_id_, false, earlier};
  const bool stored_earlier = parts_.store->has_instances(target);
  const auto handle = parts_.store->instance_id(target, process, now);
  return {handle.id, handle.known, earlier || stored_earlier};
}

void Pipeline::begin(TargetId target, const Begin& instance, const ProcessInfo& process,
                     ProcessJudge judge, WallTime now) {
  // Before the new one is told of, the old one is over.
  std::erase_if(unfinished_, [&](const auto& row) { return row.second == instance.id; });
  end_stale(target, now);
  const AlertSubject subject{target, target_name(target), instance.id, process.id.pid};
  watched_.insert_or_assign(instance.id, Watched{subject, process, std::move(judge)});
  const EventKind kind = instance.known     ? EventKind::kInstanceResumed
                         : instance.earlier ? EventKind::kInstanceRestarted
                                            : EventKind::kInstanceStarted;
  event({now, kind, target, instance.id,
         "pid " + std::to_string(process.id.pid) + ": " + command_of(process)});
}

void Pipeline::replace_program(InstanceId instance, const ProcessInfo& process, ProcessJudge judge,
                               WallTime now) {
  const auto found = watched_.find(instance);
  if (found == watched_.end()) return;
  Watched& watched = found->second;
  const std::string what =
      "pid " + std::to_string(process.id.pid) + " runs another program now: " + command_of(process);
  tell(tracker_.instance_ended(instance, now, what));
  if (parts_.store != nullptr) parts_.store->instance_id(watched.subject.target, process, now);
  watched = Watched{watched.subject, process, std::move(judge)};
  event({now, EventKind::kProgramReplaced, watched.subject.target, instance, what});
}

std::vector<LookRequest> Pipeline::sample(const Sample& sample) {
  std::vector<LookRequest> wanted;
  const auto found = watched_.find(sample.instance);
  if (found == watched_.end()) return wanted;
  Watched& watched = found->second;
  if (parts_.store != nullptr) parts_.store->add_sample(sample);
  if (parts_.listener != nullptr) {
    parts_.listener->on_sample(watched.subject.target_name, watched.process, sample);
  }
  for (const Judgement& judgement : watched.judge.observe(sample)) {
    if (auto look = judged(watched, judgement, sample)) wanted.push_back(std::move(*look));
  }
  for (const Observation& observation : watched.judge.take_observations()) {
    observed(watched, observation);
  }
  return wanted;
}

void Pipeline::looked(InstanceId instance, const std::string& detector, Evidence evidence,
                      WallTime now) {
  const auto found = watched_.find(instance);
  if (found == watched_.end()) return;
  const auto findings = found->second.investigation.looked(detector, std::move(evidence));
  for (const Finding& finding : findings) {
    tell(tracker_.condition_holds(found->second.subject, finding, now));
    // Who is behind it is worth keeping at once, also where nothing else changed.
    const Alert* alert = tracker_.open_alert(instance, finding.detector);
    if (alert != nullptr && parts_.store != nullptr) parts_.store->update_alert(*alert, now);
  }
}

bool Pipeline::is_quiet(InstanceId instance) const { return !tracker_.has_open(instance); }

void Pipeline::observed(const Watched& watched, const Observation& observation) {
  const EventKind kind =
      observation.kind == Observation::Kind::kNoLeak ? EventKind::kNoLeak : EventKind::kStep;
  event({observation.time, kind, watched.subject.target, watched.subject.instance,
         observation.summary});
}

std::optional<LookRequest> Pipeline::judged(Watched& watched, const Judgement& judgement,
                                            const Sample& sample) {
  std::optional<LookRequest> look;
  std::vector<AlertTransition> transitions;
  if (judgement.finding) {
    Finding finding = *judgement.finding;
    if (parts_.looks) look = watched.investigation.consider(finding);
    transitions = tracker_.condition_holds(watched.subject, finding, sample.time);
  } else {
    watched.investigation.over(judgement.detector);
    transitions = tracker_.condition_absent(watched.subject, judgement.detector, sample.time);
  }
  tell(transitions);
  const Alert* alert = tracker_.open_alert(sample.instance, judgement.detector);
  if (alert == nullptr) return look;
  if (look) look->alert = alert->id;
  if (parts_.store == nullptr) return look;
  // So that `soakwatch alerts` shows how far the growth has come, not only how it began.
  milliseconds& updated = watched.alert_updated[judgement.detector];
  const bool due = sample.monotonic - updated >= kAlertUpdateInterval;
  if (transitions.empty() && due) parts_.store->update_alert(*alert, sample.time);
  if (!transitions.empty() || due) updated = sample.monotonic;
  return look;
}

void Pipeline::event(const Event& event) {
  const std::string& name = target_name(event.target);
  parts_.logger->info("{}{}{}{}", name, name.empty() ? "" : ": ", to_string(event.kind),
                      event.detail.empty() ? "" : ", " + event.detail);
  if (parts_.listener != nullptr) parts_.listener->on_event(name, event);
  if (parts_.store != nullptr) parts_.store->add_event(event);
}

void Pipeline::end(InstanceId instance, const std::string& reason, WallTime now) {
  const auto found = watched_.find(instance);
  if (found == watched_.end()) return;
  const AlertSubject subject = found->second.subject;
  for (const Finding& finding : found->second.investigation.waiting()) {
    tell(tracker_.condition_holds(subject, finding, now));
  }
  watched_.erase(found);
  ended(subject.target, instance, "pid " + std::to_string(subject.pid) + ": " + reason, reason,
        now);
}

void Pipeline::end_stale(TargetId target, WallTime now) {
  const auto [first, last] = unfinished_.equal_range(target);
  for (auto row = first; row != last; ++row)
    ended(target, row->second, kEndedUnwatched, kEndedUnwatched, now);
  unfinished_.erase(first, last);
}

void Pipeline::ended(TargetId target, InstanceId instance, const std::string& detail,
                     const std::string& reason, WallTime now) {
  tell(tracker_.instance_ended(instance, now, reason));
  if (parts_.store != nullptr) parts_.store->end_instance({instance, now, reason});
  event({now, EventKind::kInstanceEnded, target, instance, detail});
}

void Pipeline::tell(const std::vector<AlertTransition>& transitions) {
  for (const AlertTransition& transition : transitions) {
    if (parts_.store != nullptr) parts_.store->add_alert_transition(transition);
    if (parts_.notifiers != nullptr) parts_.notifiers->push(transition);
    if (parts_.listener != nullptr) parts_.listener->on_alert(transition);
  }
}

const std::string& Pipeline::target_name(TargetId target) const {
  static const std::string kNone;
  const auto found = target_names_.find(target);
  return found == target_names_.end() ? kNone : found->second;
}

}  // namespace soakwatch
