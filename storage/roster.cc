#include "storage/roster.h"

#include <limits>
#include <utility>

#include "storage/sample_reader.h"

namespace soakwatch {

Result<Roster> Roster::read(const std::filesystem::path& database) {
  Roster roster;
  auto reader = SampleReader::open(database);
  if (!reader) return reader.error();
  const auto targets = reader->targets();
  if (!targets) return targets.error();
  for (const TargetRow& row : *targets) {
    roster.note(TargetRecord{row.id, row.name, row.spec, row.created});
  }
  const auto instances = reader->instances();
  if (!instances) return instances.error();
  for (const InstanceRow& row : *instances) {
    if (!row.ended) roster.note(InstanceRecord{row.id, row.target, row.process, row.first_seen});
  }
  const auto alerts = reader->alerts(true, std::numeric_limits<int>::max());
  if (!alerts) return alerts.error();
  for (const Alert& alert : *alerts) {
    roster.note(AlertTransition{alert, alert.state, alert.updated, {}});
  }
  return roster;
}

void Roster::note(const Batch& batch) {
  for (const Record& record : batch.records) {
    if (const auto* target = std::get_if<TargetRecord>(&record)) note(*target);
    if (const auto* instance = std::get_if<InstanceRecord>(&record)) note(*instance);
    if (const auto* end = std::get_if<InstanceEnd>(&record)) note(*end);
    if (const auto* change = std::get_if<std::unique_ptr<TransitionRecord>>(&record)) {
      note((*change)->transition);
    }
  }
}

void Roster::note(const TargetRecord& target) {
  const auto [known, made] = targets_.try_emplace(target.id, target);
  if (!made) known->second.spec = target.spec;  // as the statement that writes it
}

void Roster::note(const InstanceRecord& instance) {
  const auto [known, made] = instances_.try_emplace(instance.id, instance);
  if (!made) known->second.process = instance.process;
}

void Roster::note(const InstanceEnd& end) { instances_.erase(end.instance); }

void Roster::note(const AlertTransition& transition) {
  const AlertState state = transition.alert.state;
  if (state == AlertState::kInactive || state == AlertState::kResolved) {
    alerts_.erase(transition.alert.id);
  } else {
    alerts_.insert_or_assign(transition.alert.id, transition);
  }
}

Batch Roster::rows() const {
  Batch batch;
  for (const auto& [id, target] : targets_) batch.records.emplace_back(target);
  for (const auto& [id, instance] : instances_) batch.records.emplace_back(instance);
  for (const auto& [id, transition] : alerts_) {
    // Its history stays in the old file: 0 is no row of it.
    batch.records.emplace_back(std::make_unique<TransitionRecord>(TransitionRecord{0, transition}));
  }
  return batch;
}

}  // namespace soakwatch
