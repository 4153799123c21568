// Samples wait, or waited until now: what to tell of it when it is over. Pure.
#pragma once

#include <optional>
#include <string>

#include "model/event.h"
#include "storage/write_queue.h"

namespace soakwatch {

// Not thread-safe: its owner has the mutex.
class StoreTrouble {
 public:
  // Of several reasons the first counts. `since`: of the first sample that waits. Something that
  // passes by itself is not worth telling, unless samples are lost.
  void begin(const std::string& reason, WallTime since, bool worth_telling);
  // For a row of `events`: how many samples were lost, or waited, from when to when, and why.
  // Nothing: there was no trouble, or none worth telling.
  std::optional<Event> end(const WriteQueue::Dropped& dropped, WallTime now);

 private:
  struct Trouble {
    std::string reason;
    WallTime since;
    bool worth_telling = true;
  };
  std::optional<Trouble> trouble_;
};

}  // namespace soakwatch
