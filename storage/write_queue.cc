#include "storage/write_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace soakwatch {

void WriteQueue::drop_oldest_sample() {
  samples_.pop_front();
  ++dropped_samples_;
  ++finished_.samples;
}

bool WriteQueue::push(const SampleRecord& sample) {
  ++added_.samples;
  const bool full = samples_.size() >= sample_limit_rows_;
  if (full) drop_oldest_sample();
  samples_.push_back(sample);
  return !full;
}

bool WriteQueue::push(Record record) {
  if (records_.size() >= record_limit_rows_) {
    ++dropped_records_;
    return false;
  }
  ++added_.records;
  records_.push_back(std::move(record));
  return true;
}

Batch WriteQueue::take(std::size_t sample_limit_rows) {
  Batch batch;
  batch.records.assign(std::move_iterator(records_.begin()), std::move_iterator(records_.end()));
  records_.clear();
  const auto count = static_cast<std::ptrdiff_t>(std::min(sample_limit_rows, samples_.size()));
  batch.samples.assign(std::move_iterator(samples_.begin()),
                       std::move_iterator(samples_.begin() + count));
  samples_.erase(samples_.begin(), samples_.begin() + count);
  return batch;
}

void WriteQueue::put_back(Batch batch) {
  records_.insert(records_.begin(), std::move_iterator(batch.records.begin()),
                  std::move_iterator(batch.records.end()));
  samples_.insert(samples_.begin(), std::move_iterator(batch.samples.begin()),
                  std::move_iterator(batch.samples.end()));
  while (samples_.size() > sample_limit_rows_) drop_oldest_sample();
}

void WriteQueue::done(const Batch& batch) {
  finished_.samples += batch.samples.size();
  finished_.records += batch.records.size();
}

}  // namespace soakwatch
