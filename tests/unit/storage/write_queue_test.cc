#include "storage/write_queue.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

SampleRecord sample_record(std::int64_t id) { return {id, {}}; }
Record event_record(std::int64_t id) { return EventRecord{id, {}}; }

TEST(WriteQueue, DropsTheOldestSampleAndCountsIt) {
  WriteQueue queue(2, 10);
  EXPECT_TRUE(queue.push(sample_record(1)));
  EXPECT_TRUE(queue.push(sample_record(2)));
  EXPECT_FALSE(queue.push(sample_record(3)));
  const Batch batch = queue.take(10);
  ASSERT_EQ(batch.samples.size(), 2U);
  EXPECT_EQ(batch.samples[0].id, 2);
  EXPECT_EQ(batch.samples[1].id, 3);
  EXPECT_EQ(queue.dropped_samples(), 1U);
}

TEST(WriteQueue, KeepsRecordsWhileSamplesAreDropped) {
  WriteQueue queue(1, 10);
  queue.push(event_record(1));
  for (int i = 0; i < 5; ++i) queue.push(sample_record(i));
  queue.push(event_record(2));
  EXPECT_EQ(queue.take(10).records.size(), 2U);
  EXPECT_EQ(queue.dropped_records(), 0U);
}

TEST(WriteQueue, BoundsRecordsToo) {
  WriteQueue queue(1, 2);
  EXPECT_TRUE(queue.push(event_record(1)));
  EXPECT_TRUE(queue.push(event_record(2)));
  EXPECT_FALSE(queue.push(event_record(3)));
  EXPECT_EQ(queue.dropped_records(), 1U);
  EXPECT_EQ(queue.size(), 2U);
}

Record transition_record(std::int64_t id) {
  return std::make_unique<TransitionRecord>(TransitionRecord{id, {}});
}

TEST(WriteQueue, AFloodOfEventsCostsNoChangeOfAnAlert) {
  WriteQueue queue(1, 100);
  for (int i = 1; i <= 150; ++i) queue.push(event_record(i));
  EXPECT_EQ(queue.dropped_events(), 50U);
  EXPECT_TRUE(queue.push(transition_record(1)));
  EXPECT_TRUE(queue.push(InstanceEnd{}));
  EXPECT_FALSE(queue.push(transition_record(0))) << "new figures alone may be missing";
  EXPECT_EQ(queue.dropped_events(), 51U);
  EXPECT_EQ(queue.dropped_records(), 51U);
}

TEST(WriteQueue, BoundsWhatMattersMostToo) {
  WriteQueue queue(1, 100);
  int taken = 0;
  for (int i = 1; i <= 200; ++i) taken += queue.push(transition_record(i)) ? 1 : 0;
  EXPECT_EQ(taken, 110);
  EXPECT_EQ(queue.dropped_records(), 90U);
  EXPECT_EQ(queue.dropped_events(), 0U);
}

TEST(WriteQueue, ALowerLimitDropsTheOldestSamplesAndAHigherOneMakesRoom) {
  WriteQueue queue(10, 10);
  for (int i = 1; i <= 10; ++i) queue.push(sample_record(i));
  queue.push(event_record(1));
  queue.limit_samples(3);
  EXPECT_EQ(queue.dropped_samples(), 7U);
  EXPECT_FALSE(queue.push(sample_record(11)));
  queue.limit_samples(10);
  EXPECT_TRUE(queue.push(sample_record(12)));
  const Batch batch = queue.take(10);
  EXPECT_EQ(batch.samples.front().id, 9);
  EXPECT_EQ(batch.records.size(), 1U);
}

TEST(WriteQueue, RemembersHowManyWaitedAtMost) {
  WriteQueue queue(10, 10);
  for (int i = 1; i <= 4; ++i) queue.push(sample_record(i));
  queue.take(10);
  EXPECT_EQ(queue.take_max_size(), 4U);
  EXPECT_EQ(queue.take_max_size(), 0U);  // since the last call
}

TEST(WriteQueue, PutsAFailedBatchBackInFront) {
  WriteQueue queue(3, 10);
  for (int i = 1; i <= 3; ++i) queue.push(sample_record(i));
  Batch batch = queue.take(2);
  queue.push(sample_record(4));
  queue.put_back(std::move(batch));  // 1 2 3 4, of which three have room
  const Batch again = queue.take(10);
  ASSERT_EQ(again.samples.size(), 3U);
  EXPECT_EQ(again.samples.front().id, 2);
  EXPECT_EQ(again.samples.back().id, 4);
  EXPECT_EQ(queue.dropped_samples(), 1U);
}

TEST(WriteQueue, NoRecordOvertakesTheSamplesBeforeIt) {
  WriteQueue queue(10, 10);
  queue.push(event_record(1));
  for (int i = 1; i <= 3; ++i) queue.push(sample_record(i));
  queue.push(event_record(2));
  queue.push(sample_record(4));
  queue.put_back(queue.take(2));
  Batch batch = queue.take(2);
  ASSERT_EQ(batch.records.size(), 1U);
  EXPECT_EQ(std::get<EventRecord>(batch.records[0]).id, 1);
  batch = queue.take(1);
  ASSERT_EQ(batch.records.size(), 1U);
  EXPECT_EQ(std::get<EventRecord>(batch.records[0]).id, 2);
  EXPECT_EQ(queue.take(1).samples.at(0).id, 4);
  EXPECT_TRUE(queue.empty());
}

TEST(WriteQueue, CountsProgressByKind) {
  WriteQueue queue(10, 10);
  queue.push(sample_record(1));
  queue.push(event_record(1));
  const WriteQueue::Progress goal = queue.added();
  EXPECT_FALSE(queue.finished().reached(goal));
  const Batch batch = queue.take(10);
  EXPECT_FALSE(queue.finished().reached(goal));
  queue.done(batch);
  EXPECT_TRUE(queue.finished().reached(goal));
}

}  // namespace
}  // namespace soakwatch
