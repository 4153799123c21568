// The samples of a target in order.
#include <algorithm>
#include <iterator>
#include <list>

#include "storage/instance_cursor.h"
#include "storage/reader_impl.h"

namespace soakwatch {
namespace {

// Rows in memory at a time, divided among the instances of a target whose times overlap.
constexpr int kPageLimitRows = 4000;
constexpr int kSmallestPageRows = 16;

struct ActiveCursor {
  const InstanceRow* instance;
  InstanceCursor cursor;
};

SampleRow shown(const TargetRow& target, const InstanceRow& instance, const TieredRow& row) {
  return {&target, &instance, row.id, row.sample, row.bucket ? &*row.bucket : nullptr};
}

}  // namespace

bool SampleReader::Impl::walk(const TargetRow& target, const std::vector<InstanceRow>& instances,
                              const TimeRange& range, std::int64_t newest_row,
                              const std::function<bool(const SampleRow&)>& row) {
  // Instances follow one another, so that few overlap: a cursor is opened when its time has come,
  // and memory is bounded by the overlap, not by the number of restarts.
  std::vector<std::pair<std::int64_t, const InstanceRow*>> waiting;
  for (const InstanceRow& instance : instances) {
    std::int64_t first = 0;
    if (pages.first_time(instance.id, range, first)) waiting.emplace_back(first, &instance);
  }
  std::sort(waiting.begin(), waiting.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second->id) < std::pair(b.first, b.second->id);
  });
  const auto before = [](const ActiveCursor& a, const ActiveCursor& b) {
    const TieredRow& x = a.cursor.head();
    const TieredRow& y = b.cursor.head();
    return std::pair(x.begin_ms, x.id) < std::pair(y.begin_ms, y.id);
  };
  std::list<ActiveCursor> active;
  std::size_t next = 0;
  while (true) {
    const int page_rows =
        std::max(kSmallestPageRows, kPageLimitRows / static_cast<int>(active.size() + 1));
    for (auto it = active.begin(); it != active.end();) {
      it = it->cursor.fill(pages, page_rows) ? std::next(it) : active.erase(it);
    }
    auto first = std::min_element(active.begin(), active.end(), before);
    if (next < waiting.size() &&
        (first == active.end() || waiting[next].first <= first->cursor.head().begin_ms)) {
      const InstanceRow* instance = waiting[next++].second;
      active.push_back({instance, InstanceCursor(instance->id, range, newest_row)});
      continue;
    }
    if (first == active.end()) return true;
    if (!row(shown(target, *first->instance, first->cursor.head()))) return false;
    first->cursor.advance();
  }
}

bool SampleReader::Impl::replay(const TargetRow& target, const InstanceRow& instance,
                                const TimeRange& range, std::int64_t newest_row,
                                const std::function<bool(const SampleRow&)>& row) {
  const SamplePages::Arrival arrival = pages.arrival(instance.id, range, newest_row);
  // Buckets have no order of arrival; that of time is as good, since each holds all that came.
  using Rows = InstanceCursor::Rows;
  InstanceCursor cursor(instance.id, range, newest_row,
                        arrival.in_time_order ? Rows::kAll : Rows::kBuckets);
  while (cursor.fill(pages, kPageLimitRows)) {
    if (!row(shown(target, instance, cursor.head()))) return false;
    cursor.advance();
  }
  if (arrival.in_time_order) return true;
  std::vector<SampleRecord> page;
  for (std::int64_t after = arrival.first_row - 1; after < arrival.last_row;
       after = page.back().id) {
    pages.read_arrived(instance.id, range, after, arrival.last_row, kPageLimitRows, page);
    if (page.empty()) break;  // deleted meanwhile
    for (const SampleRecord& record : page) {
      if (!row({&target, &instance, record.id, record.sample, nullptr})) return false;
    }
  }
  return true;
}

}  // namespace soakwatch
