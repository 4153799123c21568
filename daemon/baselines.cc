#include "daemon/baselines.h"

#include <utility>

#include "storage/sample_reader.h"

namespace soakwatch {
namespace {

// Whose place is kept in mind.
constexpr std::size_t kMaxBaselines = 24;
constexpr std::size_t kMaxBaselinesInMemory = 3;

}  // namespace

Baselines::Baselines(bool in_memory) : limit_(in_memory ? kMaxBaselinesInMemory : kMaxBaselines) {}

void Baselines::add(Baseline baseline) {
  std::vector<Baseline>& kept = by_kind_[baseline.capture.kind];
  kept.push_back(std::move(baseline));
  if (kept.size() > limit_) kept.erase(kept.begin() + 1);
}

const Baseline* Baselines::before(CaptureKind kind, WallTime since) const {
  const auto found = by_kind_.find(kind);
  if (found == by_kind_.end() || found->second.empty()) return nullptr;
  const Baseline* best = &found->second.front();
  for (const Baseline& kept : found->second) {
    if (kept.capture.time <= since) best = &kept;
  }
  return best;
}

Result<std::vector<Capture>> captures_of_program(const std::filesystem::path& database,
                                                 InstanceId instance) {
  auto reader = SampleReader::open(database);
  if (!reader) return reader.error();
  const auto changes = reader->program_changes(instance);
  if (!changes) return changes.error();
  CaptureQuery query;
  query.instance = instance;
  if (!changes->empty()) query.since = changes->back();
  return reader->captures(query);
}

}  // namespace soakwatch
