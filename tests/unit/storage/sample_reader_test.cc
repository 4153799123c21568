#include "storage/sample_reader.h"

#include "store_fixture.h"

namespace soakwatch {
namespace {

using SampleReaderTest = StoreTest;

std::vector<double> values_of(const std::vector<SampleRow>& rows) {
  std::vector<double> values;
  for (const SampleRow& row : rows) values.push_back(*row.sample.values.get(Metric::kRssBytes));
  return values;
}

TEST_F(SampleReaderTest, OrdersByTargetThenTimeAcrossInstances) {
  const auto store = open();
  const TargetId b = store->target_id("b", {}, kNow);
  const TargetId a = store->target_id("a", {}, kNow);
  const InstanceId b1 = store->instance_id(b, process(1), kNow).id;
  const InstanceId b2 = store->instance_id(b, process(2), kNow).id;
  const InstanceId a1 = store->instance_id(a, process(3), kNow).id;
  store->add_sample(sample(a1, kNow, 6));
  store->add_sample(sample(b2, kNow + seconds(2), 3));
  store->add_sample(sample(b1, kNow + seconds(1), 2));
  store->add_sample(sample(b2, kNow + seconds(4), 5));
  store->add_sample(sample(b1, kNow + seconds(3), 4));
  store->add_sample(sample(b2, kNow, 1));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(values_of(rows()), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  SampleQuery query;
  query.instance = b1;
  EXPECT_EQ(values_of(rows(query)), (std::vector<double>{2, 4}));
  query = {};
  query.target = "a";
  EXPECT_EQ(values_of(rows(query)), (std::vector<double>{6}));
}

TEST_F(SampleReaderTest, ReplaysOneInstanceAsItArrivedAlsoWhenTheClockWasSetBack) {
  const auto store = open();
  const TargetId a = store->target_id("a", {}, kNow);
  const InstanceId one = store->instance_id(a, process(1), kNow).id;
  const InstanceId other = store->instance_id(a, process(2), kNow).id;
  store->add_sample(sample(one, kNow + seconds(3600), 1));
  store->add_sample(sample(other, kNow, 9));
  store->add_sample(sample(one, kNow + seconds(5), 2));
  store->add_sample(sample(one, kNow, 3));
  store->add_sample(sample(one, kNow + seconds(10), 4));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  SampleQuery query;
  query.instance = one;
  EXPECT_EQ(values_of(rows(query)), (std::vector<double>{1, 2, 3, 4}));
  query.since = kNow + seconds(5);
  EXPECT_EQ(values_of(rows(query)), (std::vector<double>{1, 2, 4}));
}

TEST_F(SampleReaderTest, ReplaysManyPagesAlsoWhenTheClockWasSetBack) {
  const auto store = open();
  const TargetId a = store->target_id("a", {}, kNow);
  const InstanceId one = store->instance_id(a, process(1), kNow).id;
  const InstanceId other = store->instance_id(a, process(2), kNow).id;
  constexpr int kRows = 9500;
  std::vector<double> expected;
  for (int i = 0; i < kRows; ++i) {
    const WallTime time = kNow + seconds(i) - seconds(i < kRows / 2 ? 0 : 3600);
    store->add_sample(sample(one, time, i));
    store->add_sample(sample(other, kNow + seconds(i), -1));
    expected.push_back(i);
    if (i % 1000 == 999) {
      ASSERT_TRUE(store->flush(kFlushTimeout));
    }
  }
  ASSERT_TRUE(store->flush(kFlushTimeout));
  SampleQuery query;
  query.instance = one;
  EXPECT_EQ(values_of(rows(query)), expected);
  query.instance = other;
  EXPECT_EQ(rows(query).size(), expected.size());
}

TEST_F(SampleReaderTest, TakesSinceInclusiveAndUntilExclusive) {
  const auto store = open();
  const InstanceId id = store->instance_id(store->target_id("a", {}, kNow), process(1), kNow).id;
  for (int i = 0; i < 10; ++i) store->add_sample(sample(id, kNow + seconds(i), i));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  SampleQuery query;
  query.since = kNow + seconds(3);
  query.until = kNow + seconds(6);
  EXPECT_EQ(values_of(rows(query)), (std::vector<double>{3, 4, 5}));
  EXPECT_EQ(reader().count(query).value(), 3);
  EXPECT_EQ(reader().count({}).value(), 10);
}

TEST_F(SampleReaderTest, ReadsManyPagesOfRowsWithTheSameTime) {
  const auto store = open();
  const TargetId target = store->target_id("a", {}, kNow);
  const InstanceId one = store->instance_id(target, process(1), kNow).id;
  const InstanceId two = store->instance_id(target, process(2), kNow).id;
  constexpr int kRows = 9500;
  for (int i = 0; i < kRows; ++i) {
    store->add_sample(sample(i % 3 == 0 ? one : two, kNow + seconds(i / 5000), i));
  }
  ASSERT_TRUE(store->flush(kFlushTimeout));
  const auto stored = rows();
  ASSERT_EQ(stored.size(), static_cast<std::size_t>(kRows));
  for (std::size_t i = 0; i < stored.size(); ++i) {
    ASSERT_EQ(stored[i].row_id, static_cast<std::int64_t>(i + 1));
  }
}

TEST_F(SampleReaderTest, ReadsOneMomentWhileTheWriterGoesOn) {
  const auto store = open();
  const InstanceId id = store->instance_id(store->target_id("a", {}, kNow), process(1), kNow).id;
  for (int i = 0; i < 6000; ++i) store->add_sample(sample(id, kNow + seconds(i), i));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  SampleReader r = reader();
  int seen = 0;
  const auto done = r.for_each({}, [&](const SampleRow&) {
    // The writer is never kept waiting, and never leads the reader on.
    if (++seen % 1000 == 0) {
      for (int i = 0; i < 10; ++i) store->add_sample(sample(id, kNow + seconds(9000 + i), 1));
      EXPECT_TRUE(store->flush(kFlushTimeout));
    }
    return true;
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(seen, 6000);
  EXPECT_EQ(r.count({}).value(), 6060);
  EXPECT_EQ(store->stats().failed_writes, 0U);
}

TEST_F(SampleReaderTest, StopsWhenToldTo) {
  const auto store = open();
  for (const char* name : {"a", "b"}) {
    const InstanceId id = store->instance_id(store->target_id(name, {}, kNow), process(1), kNow).id;
    for (int i = 0; i < 5; ++i) store->add_sample(sample(id, kNow + seconds(i), i));
  }
  ASSERT_TRUE(store->flush(kFlushTimeout));
  int seen = 0;
  EXPECT_TRUE(reader().for_each({}, [&](const SampleRow&) { return ++seen < 3; }));
  EXPECT_EQ(seen, 3);
}

// The one that came last, also where the wall clock was set back before it.
TEST_F(SampleReaderTest, FindsTheLatestSample) {
  const auto store = open();
  const InstanceId id = store->instance_id(store->target_id("a", {}, kNow), process(1), kNow).id;
  store->add_sample(sample(id, kNow + seconds(1), 1));
  store->add_sample(sample(id, kNow + seconds(3), 3));
  store->add_sample(sample(id, kNow - std::chrono::hours(1), 2));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(reader().latest(id).value()->time, kNow - std::chrono::hours(1));
  EXPECT_FALSE(reader().latest(id + 1).value());
}

TEST_F(SampleReaderTest, FindsTheLatestSampleOfAnInstanceThatEndedLongAgo) {
  const auto store = open();
  const TargetId target = store->target_id("a", {}, kNow);
  const InstanceId ended = store->instance_id(target, process(1), kNow).id;
  const InstanceId running = store->instance_id(target, process(2), kNow).id;
  store->add_sample(sample(ended, kNow + seconds(1), 1));
  store->add_sample(sample(ended, kNow + seconds(2), 2));
  for (int i = 0; i < 11'000; ++i) {
    store->add_sample(sample(running, kNow + seconds(3 + i), i));
    if (i % 1000 == 0) {
      ASSERT_TRUE(store->flush(kFlushTimeout));
    }
  }
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(reader().latest(ended).value()->time, kNow + seconds(2));
  EXPECT_EQ(reader().latest(running).value()->time, kNow + seconds(3 + 10'999));
}

TEST_F(SampleReaderTest, NamesATargetThatIsNotThere) {
  open().reset();
  SampleQuery query;
  query.target = "sidecra";
  const auto counted = reader().count(query);
  ASSERT_FALSE(counted);
  EXPECT_EQ(counted.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(counted.error().message.find("sidecra"), std::string::npos);
}

TEST_F(SampleReaderTest, CannotBeFooledByThePathsOfUris) {
  options_.database = folder_ / "a?mode=memory#x%41.db";
  open()->target_id("a", {}, kNow);
  EXPECT_EQ(reader().targets().value().size(), 1U);
}

TEST_F(SampleReaderTest, TheViewShowsIsoTimesAndNames) {
  {
    const auto store = open();
    const InstanceId id =
        store->instance_id(store->target_id("a", {}, kNow), process(4711), kNow).id;
    store->add_sample(sample(id, kNow, 5));
  }
  EXPECT_EQ(ask("SELECT time || ' ' || target || ' ' || pid || ' ' || rss_bytes "
                "FROM samples_readable"),
            "2026-11-20T08:40:00.123Z a 4711 5");
}

}  // namespace
}  // namespace soakwatch
