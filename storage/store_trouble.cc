#include "storage/store_trouble.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace soakwatch {

void StoreTrouble::begin(const std::string& reason, WallTime since, bool worth_telling) {
  if (!trouble_) trouble_ = Trouble{reason, since, worth_telling};
  trouble_->worth_telling = trouble_->worth_telling || worth_telling;
}

std::optional<Event> StoreTrouble::end(const WriteQueue::Dropped& dropped, WallTime now) {
  if (!trouble_ && dropped.samples > 0) trouble_ = Trouble{"the disk was too slow", dropped.first};
  if (!trouble_) return std::nullopt;
  const Trouble over = *std::exchange(trouble_, std::nullopt);
  const auto text = [](WallTime time) { return format_utc(std::chrono::floor<seconds>(time)); };
  Event event{now, EventKind::kStoreHeldUp, 0, 0, {}};
  if (dropped.samples > 0) {
    event.kind = EventKind::kGap;
    event.detail = fmt::format("{} samples of {} to {} were lost: {}", dropped.samples,
                               text(dropped.first), text(dropped.last), over.reason);
    return event;
  }
  if (!over.worth_telling) return std::nullopt;
  event.detail = fmt::format("samples of {} to {} had to wait, none was lost: {}", text(over.since),
                             text(event.time), over.reason);
  return event;
}

}  // namespace soakwatch
