// Which captures are kept when not all of them can be. Pure: no file, no database, no clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "model/capture.h"
#include "model/sample.h"
#include "model/timestamp.h"

namespace soakwatch {

// What a file takes on the disk: whole blocks. It bounds the number of captures too.
constexpr std::int64_t disk_bytes(std::int64_t bytes) {
  constexpr std::int64_t kBlockBytes = 4096;
  return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

struct CaptureBudget {
  std::int64_t max_bytes = std::int64_t{256} * 1024 * 1024;  // on the disk
  std::chrono::seconds max_age = std::chrono::hours(14 * 24);
  // Of one process instance, all kinds together. The first and the newest of each kind stay, also
  // where they alone are more.
  std::size_t max_baselines_per_instance = 64;
};

struct OpenAlert {
  AlertId id = 0;
  InstanceId instance = 0;
  WallTime since;  // when its growth began
};

// What captures are needed for, at one instant.
struct CaptureUse {
  std::vector<OpenAlert> open_alerts;
  std::set<InstanceId> ended_instances;
};

struct CaptureSelection {
  std::vector<CaptureId> remove;
  // False: what may go does not make enough room.
  bool fits = true;
};

// What has to go, so that `captures` keep within `budget`. One that is about to be added is among
// them with id 0; it is never chosen. Removed are, in this order:
// - what is older than max_age;
// - rolling baselines thinned by age: of those of one instance and kind the first and the newest
//   stay, and between them as many as leave about one for each doubling of age;
// - the oldest baselines, but the first and the newest, of an instance that has too many;
// - while there are too many bytes, the oldest of: baselines that are neither the first nor the
//   newest; manual ones; those of alerts that are no longer open; those of ended instances; all
//   others but those of open alerts; those of open alerts, unless the room is for another purpose.
// The newest baseline of each kind before an open alert's growth began is never removed, and what
// belongs to an open alert does not grow too old.
CaptureSelection captures_to_remove(std::vector<Capture> captures, const CaptureUse& use,
                                    const CaptureBudget& budget, WallTime now);

}  // namespace soakwatch
