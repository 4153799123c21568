// What happened to a target, apart from its numbers: recorded, so that a morning reader knows the
// night.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/sample.h"
#include "model/timestamp.h"

namespace soakwatch {

enum class EventKind : std::uint8_t {
  kDaemonStarted,
  kDaemonStopped,
  kInstanceStarted,    // the first instance of a target seen by this store
  kInstanceRestarted,  // a new process after an earlier one ended
  kInstanceResumed,    // the daemon restarted and found the process that it had watched before
  kInstanceEnded,
  kTargetAmbiguous,  // several processes fit; the detail names the one that was chosen and the
                     // others
  kPprofFound,
  kPprofLost,
  kGap,              // samples are missing: the machine slept, the daemon could not sample, or
                     // they could not be written; the detail says how long
  kNoLeak,           // something grew for a reason that is no leak; the detail says which
  kProgramReplaced,  // the process became another program by exec
  kStep,             // a level changed at one stroke
  kRetention,        // samples were thinned out sooner than by age, to keep within the bytes
  kFieldRule,        // a level at which people look twice was reached; no word of a leak
  kStoreHeldUp,      // samples could not be written for a while and waited; none was lost
  kStoreReplaced,    // the database was broken: it was moved aside, and a new one begun
};

// "instance_restarted" and so on: as stored. from_string: nothing for an unknown word.
std::string_view to_string(EventKind kind);
std::optional<EventKind> event_kind_from_string(std::string_view text);

struct Event {
  WallTime time;
  EventKind kind = EventKind::kDaemonStarted;
  TargetId target = 0;      // 0: the daemon itself
  InstanceId instance = 0;  // 0: none
  std::string detail;       // for a person, printable
};

}  // namespace soakwatch
