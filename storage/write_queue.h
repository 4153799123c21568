// The bounded queue before the writer. Not thread-safe: its owner has the mutex.
//
// What goes first when it is full: the oldest samples; then, at a limit of their own, events and
// newer figures of alerts; and last, a tenth beyond that, what must not be missing: changes of
// alerts, captures, starts and ends of processes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "storage/record.h"

namespace soakwatch {

class WriteQueue {
 public:
  explicit WriteQueue(std::size_t sample_limit_rows, std::size_t record_limit_rows)
      : sample_limit_rows_(sample_limit_rows > 0 ? sample_limit_rows : 1),
        record_limit_rows_(record_limit_rows) {}

  // False: the oldest sample was dropped for this one.
  bool push(const SampleRecord& sample);
  // False: the limit of its kind was reached, and this record was dropped.
  bool push(Record record);
  // Another limit than that of the constructor, at least 1; drops the oldest samples beyond it.
  void limit_samples(std::size_t rows);
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
  // The part of them that may be missing: events and newer figures.
  [[nodiscard]] std::uint64_t dropped_events() const { return dropped_events_; }
  // The most that waited since the last call.
  std::size_t take_max_size() { return std::exchange(max_size_, size()); }

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
  void note_size() { max_size_ = std::max(max_size_, size()); }

  std::size_t sample_limit_rows_;
  std::size_t record_limit_rows_;
  std::deque<SampleRecord> samples_;
  std::deque<WaitingRecord> records_;
  std::int64_t newest_sample_ = 0;
  std::uint64_t dropped_samples_ = 0;
  std::uint64_t dropped_records_ = 0;
  std::uint64_t dropped_events_ = 0;
  std::size_t max_size_ = 0;
  Dropped newly_dropped_;
  Progress added_;
  Progress finished_;
};

}  // namespace soakwatch
