#include "daemon/throttle.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/metric.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

// Less than half of the ceiling: one level down doubles the cost at most, which then still is below
// it.
constexpr double kRoomForMore = 0.4;
// Memory does not double by what is given back, but for the queue.
constexpr double kRoomForMoreMemory = 0.9;
constexpr milliseconds kLongestStretched{20000};

}  // namespace

Ceiling::Word Ceiling::look(bool broken, bool may_be_more) {
  if (since_more_ && *since_more_ < kMostLooksBeforeMore) ++*since_more_;
  broken_ = broken ? broken_ + 1 : 0;
  calm_ = may_be_more ? calm_ + 1 : 0;
  if (broken_ >= kLooksBeforeLess) {
    const bool relapse = since_more_ && *since_more_ <= patience_;
    patience_ = relapse ? std::min(2 * patience_, kMostLooksBeforeMore) : kLooksBeforeMore;
    since_more_.reset();
    broken_ = 0;
    return Word::kLess;
  }
  if (calm_ >= patience_) {
    since_more_ = 0;
    calm_ = 0;
    return Word::kMore;
  }
  return Word::kStay;
}

std::vector<Throttle::Change> Throttle::look(const OwnCost& cost) {
  std::vector<Change> changes;
  if (cost.cpu_share) look_at_cpu(*cost.cpu_share, changes);
  if (cost.rss_bytes) look_at_memory(*cost.rss_bytes, changes);
  return changes;
}

void Throttle::look_at_cpu(double share, std::vector<Change>& changes) {
  const bool may_be_more = level_ > 0 && share < kRoomForMore * options_.max_cpu_share;
  const auto word = cpu_.look(share > options_.max_cpu_share, may_be_more);
  const bool less = word == Ceiling::Word::kLess;
  if (word == Ceiling::Word::kStay || level_ == (less ? kMaxLevel : 0)) return;
  level_ = less ? level_ + 1 : level_ - 1;
  const std::string now =
      level_ == 0 ? "all is done again"
      : level_ == 1
          ? "baselines and details are left out"
          : fmt::format(
                "baselines and details are left out, intervals are {} times as long, at most {}",
                interval_factor(), format_duration(kLongestStretched));
  changes.push_back({less, fmt::format("{:.2f} % of a core, the ceiling is {:.2f} %: level {}, {}",
                                       100 * share, 100 * options_.max_cpu_share, level_, now)});
}

void Throttle::look_at_memory(double bytes, std::vector<Change>& changes) {
  const bool may_be_more = short_of_memory_ && bytes < kRoomForMoreMemory * options_.max_rss_bytes;
  const auto word = memory_.look(bytes > options_.max_rss_bytes, may_be_more);
  const bool less = word == Ceiling::Word::kLess;
  if (word == Ceiling::Word::kStay || less == short_of_memory_) return;
  short_of_memory_ = less;
  changes.push_back(
      {less,
       fmt::format("{} of memory, the ceiling is {}: {}", format_value(Metric::kRssBytes, bytes),
                   format_value(Metric::kRssBytes, options_.max_rss_bytes),
                   less ? "no captures, no details, a shorter queue" : "all is done again")});
}

bool Throttle::allows(Work work) const {
  if (short_of_memory_) return false;
  return work == Work::kLook || level_ == 0;
}

milliseconds stretched(milliseconds interval, int factor) {
  return std::max(interval, std::min(interval * factor, kLongestStretched));
}

}  // namespace soakwatch
