#include "storage/write_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace soakwatch {
namespace {

// What the history can do without.
bool may_be_missing(const Record& record) {
  const auto* transition = std::get_if<std::unique_ptr<TransitionRecord>>(&record);
  return std::holds_alternative<EventRecord>(record) ||
         std::holds_alternative<std::unique_ptr<DaemonStatsRecord>>(record) ||
         (transition != nullptr && (*transition)->id == 0);
}

}  // namespace

void WriteQueue::drop_oldest_sample() {
  const WallTime time = samples_.front().sample.time;
  if (newly_dropped_.samples++ == 0) newly_dropped_.first = newly_dropped_.last = time;
  newly_dropped_.first = std::min(newly_dropped_.first, time);
  newly_dropped_.last = std::max(newly_dropped_.last, time);
  samples_.pop_front();
  ++dropped_samples_;
  ++finished_.samples;
}

bool WriteQueue::push(const SampleRecord& sample) {
  ++added_.samples;
  const bool full = samples_.size() >= sample_limit_rows_;
  if (full) drop_oldest_sample();
  samples_.push_back(sample);
  newest_sample_ = sample.id;
  note_size();
  return !full;
}

void WriteQueue::limit_samples(std::size_t rows) {
  sample_limit_rows_ = std::max<std::size_t>(rows, 1);
  while (samples_.size() > sample_limit_rows_) drop_oldest_sample();
}

bool WriteQueue::push(Record record) {
  const bool spare = may_be_missing(record);
  const std::size_t reserve = spare ? 0 : record_limit_rows_ / 10;
  if (records_.size() >= record_limit_rows_ + reserve) {
    ++dropped_records_;
    if (spare) ++dropped_events_;
    return false;
  }
  ++added_.records;
  records_.push_back({newest_sample_, std::move(record)});
  note_size();
  return true;
}

Batch WriteQueue::take(std::size_t sample_limit_rows) {
  Batch batch;
  const auto count = static_cast<std::ptrdiff_t>(std::min(sample_limit_rows, samples_.size()));
  batch.samples.assign(std::move_iterator(samples_.begin()),
                       std::move_iterator(samples_.begin() + count));
  samples_.erase(samples_.begin(), samples_.begin() + count);
  while (!records_.empty() &&
         (samples_.empty() || records_.front().after_sample < samples_.front().id)) {
    batch.records.push_back(std::move(records_.front().record));
    records_.pop_front();
  }
  return batch;
}

Batch WriteQueue::take_records(std::size_t record_limit_rows) {
  Batch batch;
  while (!records_.empty() && batch.records.size() < record_limit_rows) {
    batch.records.push_back(std::move(records_.front().record));
    records_.pop_front();
  }
  return batch;
}

WriteQueue::Dropped WriteQueue::take_dropped() { return std::exchange(newly_dropped_, {}); }

void WriteQueue::put_back(Batch batch) {
  // They go with the same samples again.
  for (auto record = batch.records.rbegin(); record != batch.records.rend(); ++record) {
    records_.push_front({0, std::move(*record)});
  }
  samples_.insert(samples_.begin(), std::move_iterator(batch.samples.begin()),
                  std::move_iterator(batch.samples.end()));
  while (samples_.size() > sample_limit_rows_) drop_oldest_sample();
}

void WriteQueue::done(const Batch& batch) {
  finished_.samples += batch.samples.size();
  finished_.records += batch.records.size();
}

}  // namespace soakwatch
