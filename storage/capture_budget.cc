#include "storage/capture_budget.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace soakwatch {
namespace {

// Who goes first.
enum class Rank : std::uint8_t {
  kRedundantBaseline,
  kManual,
  kClosedAlert,
  kEndedInstance,
  kOther,
  kOpenAlert,
  kNever,
};

struct Entry {
  Capture capture;
  Rank rank = Rank::kOther;
  bool removed = false;
};

bool is_baseline(const Entry& entry) { return entry.capture.reason == CaptureReason::kBaseline; }
bool is_new(const Entry& entry) { return entry.capture.id == 0; }

bool is_open(const CaptureUse& use, std::optional<AlertId> alert) {
  return alert && std::any_of(use.open_alerts.begin(), use.open_alerts.end(),
                              [&](const OpenAlert& open) { return open.id == *alert; });
}

// The baselines of one instance and kind, in order of time.
using Rolling = std::vector<Entry*>;
using Baselines = std::map<std::pair<InstanceId, CaptureKind>, Rolling>;

Rank rank_of(const Capture& capture, const CaptureUse& use) {
  if (is_open(use, capture.alert)) return Rank::kOpenAlert;
  if (capture.reason == CaptureReason::kManual) return Rank::kManual;
  if (capture.alert) return Rank::kClosedAlert;
  return use.ended_instances.count(capture.instance) > 0 ? Rank::kEndedInstance : Rank::kOther;
}

// What an open alert is compared with: of each kind the newest baseline before the growth.
void protect_references(Baselines& baselines, const CaptureUse& use) {
  for (const OpenAlert& alert : use.open_alerts) {
    for (auto& [of, rolling] : baselines) {
      if (of.first != alert.instance) continue;
      const auto after = std::find_if(rolling.begin(), rolling.end(), [&](const Entry* entry) {
        return entry->capture.time > alert.since;
      });
      if (after != rolling.begin()) (*std::prev(after))->rank = Rank::kNever;
    }
  }
}

void remove_old(std::vector<Entry>& entries, const CaptureBudget& budget, WallTime now) {
  for (Entry& entry : entries) {
    if (entry.rank < Rank::kOpenAlert && now - entry.capture.time > budget.max_age) {
      entry.removed = true;
    }
  }
}

// Those between the first and the newest that there still are.
void mark_redundant(Rolling& rolling) {
  rolling.erase(std::remove_if(rolling.begin(), rolling.end(),
                               [](const Entry* entry) { return entry->removed; }),
                rolling.end());
  for (std::size_t i = 1; i + 1 < rolling.size(); ++i) {
    if (!is_new(*rolling[i]) && rolling[i]->rank < Rank::kOpenAlert) {
      rolling[i]->rank = Rank::kRedundantBaseline;
    }
  }
}

// One may go when it leaves no hole greater than a doubling of age: the next older is at most twice
// as old as the next newer that stays. Ages grow alike, so that what was thinned stays so.
void thin(Rolling& rolling, WallTime now) {
  if (rolling.size() < 3) return;
  std::size_t newer = rolling.size() - 1;
  for (std::size_t i = newer - 1; i > 0; --i) {
    const auto age_of_older = now - rolling[i - 1]->capture.time;
    const auto age_of_newer = now - rolling[newer]->capture.time;
    if (rolling[i]->rank == Rank::kRedundantBaseline && age_of_older <= 2 * age_of_newer) {
      rolling[i]->removed = true;
    } else {
      newer = i;
    }
  }
}

void remove_beyond_limit(std::vector<Entry>& entries, std::size_t limit) {
  std::map<InstanceId, std::size_t> counts;
  for (const Entry& entry : entries) {
    if (is_baseline(entry) && !entry.removed) ++counts[entry.capture.instance];
  }
  for (Entry& entry : entries) {  // the oldest first
    if (entry.removed || entry.rank != Rank::kRedundantBaseline) continue;
    std::size_t& count = counts[entry.capture.instance];
    if (count <= limit) continue;
    entry.removed = true;
    --count;
  }
}

// False: what may go is not enough.
bool remove_beyond_bytes(std::vector<Entry>& entries, std::int64_t limit_bytes) {
  std::int64_t bytes = 0;
  Rank last = Rank::kOpenAlert;
  for (const Entry& entry : entries) {
    if (!entry.removed) bytes += disk_bytes(entry.capture.bytes);
    if (is_new(entry) && entry.rank < Rank::kOpenAlert) last = Rank::kOther;
  }
  std::vector<Entry*> order;
  for (Entry& entry : entries) {
    if (!entry.removed && !is_new(entry) && entry.rank <= last) order.push_back(&entry);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const Entry* a, const Entry* b) { return a->rank < b->rank; });
  for (Entry* entry : order) {
    if (bytes <= limit_bytes) break;
    entry->removed = true;
    bytes -= disk_bytes(entry->capture.bytes);
  }
  return bytes <= limit_bytes;
}

}  // namespace

CaptureSelection captures_to_remove(std::vector<Capture> captures, const CaptureUse& use,
                                    const CaptureBudget& budget, WallTime now) {
  // A new one is the newest, also where it has the time of another.
  const auto place = [](const Capture& c) { return std::tuple(c.time, c.id == 0, c.id); };
  std::sort(captures.begin(), captures.end(),
            [&](const Capture& a, const Capture& b) { return place(a) < place(b); });
  std::vector<Entry> entries;
  entries.reserve(captures.size());
  for (Capture& capture : captures) {
    const Rank rank = rank_of(capture, use);
    entries.push_back({std::move(capture), rank, false});
  }
  Baselines baselines;
  for (Entry& entry : entries) {
    if (is_baseline(entry)) {
      baselines[{entry.capture.instance, entry.capture.kind}].push_back(&entry);
    }
  }
  protect_references(baselines, use);
  remove_old(entries, budget, now);
  for (auto& [of, rolling] : baselines) {
    mark_redundant(rolling);
    thin(rolling, now);
  }
  remove_beyond_limit(entries, budget.max_baselines_per_instance);
  CaptureSelection selection;
  selection.fits = remove_beyond_bytes(entries, budget.max_bytes);
  for (const Entry& entry : entries) {
    if (entry.removed && !is_new(entry)) selection.remove.push_back(entry.capture.id);
  }
  return selection;
}

}  // namespace soakwatch
