// What waits to be written: every piece carries the row id that it will have, so that writing it
// twice is the same as writing it once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "model/alert.h"
#include "model/capture.h"
#include "model/daemon_stats.h"
#include "model/event.h"
#include "model/sample.h"
#include "storage/sample_store.h"

namespace soakwatch {

struct TargetRecord {
  TargetId id = 0;
  std::string name;
  std::string spec;
  WallTime created;
};

struct EventRecord {
  std::int64_t id = 0;
  Event event;
};

struct TransitionRecord {
  std::int64_t id = 0;  // of the alert_history row; 0: no change of state, only new figures
  AlertTransition transition;
};

struct DaemonStatsRecord {
  std::int64_t id = 0;
  DaemonStats stats;
};

struct CaptureRemoval {
  CaptureId id = 0;
};

// What is large and rare stands behind a pointer, and does not make each record large.
using Record = std::variant<TargetRecord, InstanceRecord, InstanceEnd, EventRecord,
                            std::unique_ptr<TransitionRecord>, Capture, CaptureRemoval,
                            std::unique_ptr<DaemonStatsRecord>>;

struct SampleRecord {
  std::int64_t id = 0;
  Sample sample;
};

// Goes into one transaction: the records first, because samples refer to them.
struct Batch {
  std::vector<Record> records;
  std::vector<SampleRecord> samples;
  [[nodiscard]] bool empty() const { return records.empty() && samples.empty(); }
};

}  // namespace soakwatch
