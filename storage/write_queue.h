// The bounded queue before the writer. Not thread-safe: its owner has the mutex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "storage/record.h"

namespace soakwatch {

class WriteQueue {
 public:
  explicit WriteQueue(std::size_t sample_limit_rows, std::size_t record_limit_rows)
      : sample_limit_rows_(sample_limit_rows > 0 ? sample_limit_rows : 1),
        record_limit_rows_(record_limit_rows) {}

  // False: the oldest sample was dropped for this one.
  bool push(const SampleRecord& sample);
  // False: the limit was reached, and this record was dropped.
  bool push(Record record);
  // The oldest samples, at most so many, and the records that came before the first sample that
  // stays: what ends an instance never overtakes its samples.
  Batch take(std::size_t sample_limit_rows);
  // While samples must wait: the oldest records alone, at most so many, also those that came after
  // samples.
  Batch take_records(std::size_t record_limit_rows);
  // A batch that could not be written goes back to the front; drops its oldest samples where the
  // queue has filled up meanwhile.
  void put_back(Batch batch);
  // Counts a batch of take() as done.
  void done(const Batch& batch);

  // The samples that were dropped since the last call, and from when to when they were.
  struct Dropped {
    std::uint64_t samples = 0;
    WallTime first;
    WallTime last;
  };
  Dropped take_dropped();

  [[nodiscard]] bool has_records() const { return !records_.empty(); }
  [[nodiscard]] std::size_t waiting_samples() const { return samples_.size(); }
  // Of the samples that wait; there must be one.
  [[nodiscard]] WallTime oldest_time() const { return samples_.front().sample.time; }
  [[nodiscard]] bool empty() const { return samples_.empty() && records_.empty(); }
  [[nodiscard]] std::size_t size() const { return samples_.size() + records_.size(); }
  [[nodiscard]] std::uint64_t dropped_samples() const { return dropped_samples_; }
  [[nodiscard]] std::uint64_t dropped_records() const { return dropped_records_; }

  // How many of each have ever come in, and how many have left for good (done or dropped).
  struct Progress {
    std::uint64_t samples = 0;
    std::uint64_t records = 0;
    [[nodiscard]] bool reached(const Progress& goal) const {
      return samples >= goal.samples && records >= goal.records;
    }
  };
  [[nodiscard]] const Progress& added() const { return added_; }
  [[nodiscard]] const Progress& finished() const { return finished_; }

 private:
  struct WaitingRecord {
    std::int64_t after_sample = 0;  // id of the last sample that came before it
    Record record;
  };
  void drop_oldest_sample();

  std::size_t sample_limit_rows_;
  std::size_t record_limit_rows_;
  std::deque<SampleRecord> samples_;
  std::deque<WaitingRecord> records_;
  std::int64_t newest_sample_ = 0;
  std::uint64_t dropped_samples_ = 0;
  std::uint64_t dropped_records_ = 0;
  Dropped newly_dropped_;
  Progress added_;
  Progress finished_;
};

}  // namespace soakwatch
