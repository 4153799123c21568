// Reading across tiers, also while rows move.
#include "retention_fixture.h"
#include "storage/row_values.h"

namespace soakwatch {
namespace {

using TierReaderTest = RetentionTest;

std::vector<double> times_of(SampleReader& reader, const SampleQuery& query,
                             std::int64_t& samples) {
  std::vector<double> times;
  samples = 0;
  auto done = reader.for_each(query, [&](const SampleRow& row) {
    times.push_back(static_cast<double>(to_unix_ms(begin_of(row))));
    samples += samples_of(row);
    return true;
  });
  if (!done) throw std::runtime_error(done.error().message);
  return times;
}

TEST_F(TierReaderTest, ReadsHoursThenMinutesThenSamples) {
  const InstanceId id = record(1, kHour, 5 * 720, 5s);
  pass(kHour + 26h);
  keep_.keep_minutes = 25h;
  pass(kHour + 26h);
  ASSERT_EQ(in("hours"), 1);
  ASSERT_EQ(in("minutes"), 60);
  SampleReader r = reader();
  EXPECT_EQ(r.count({}).value(), 1 + 60 + 3 * 720);
  EXPECT_EQ(r.samples({}).value(), 3600);
  for (const bool replay : {false, true}) {
    SampleQuery query;
    if (replay) query.instance = id;
    std::int64_t samples = 0;
    const auto times = times_of(r, query, samples);
    EXPECT_EQ(times.size(), 1U + 60 + 3 * 720);
    EXPECT_EQ(samples, 3600);
    EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  }
  SampleQuery part;
  part.since = kHour + 90min;
  part.until = kHour + 2h + 10s;
  EXPECT_EQ(r.count(part).value(), 30 + 2);
  EXPECT_EQ(r.latest(id).value()->time, written_.back().time);
}

TEST_F(TierReaderTest, TheLatestIsFoundInWhateverTier) {
  const InstanceId id = record(1, kHour, 720, 5s);
  pass(kHour + 48h);
  EXPECT_EQ(reader().latest(id).value()->time, written_.back().time);
  EXPECT_EQ(reader().latest(id).value()->values.get(Metric::kRssBytes),
            written_.back().values.get(Metric::kRssBytes));
  pass(kHour + 480h);
  EXPECT_EQ(reader().latest(id).value()->time, written_.back().time);
}

// A consumer that is slow, with a pass of retention whenever it has taken some rows.
TEST_F(TierReaderTest, RowsThatMoveMeanwhileAreNeitherLeftOutNorDoubled) {
  const InstanceId id = record(1, kHour, 40000, 5s);  // 55 hours: ten pages
  record(2, kHour + 30s, 20000, 5s);
  for (const bool replay : {false, true}) {
    SampleQuery query;
    if (replay) query.instance = id;
    SampleReader r = reader();
    const std::int64_t expected = r.samples(query).value();
    std::int64_t samples = 0;
    std::int64_t rows = 0;
    WallTime now = kHour + (replay ? 70h : 24h);
    std::map<InstanceId, WallTime> last;
    bool in_order = true;
    ASSERT_TRUE(r.for_each(query, [&](const SampleRow& row) {
      samples += samples_of(row);
      const WallTime begin = begin_of(row);
      const auto before = last.find(row.instance->id);
      in_order = in_order && (before == last.end() || before->second <= begin);
      last[row.instance->id] = row.sample.time;
      if (++rows % 1500 == 0) {
        now += 3h;
        pass(now);
      }
      return true;
    }));
    EXPECT_EQ(samples, expected);
    EXPECT_TRUE(in_order);
    EXPECT_GT(in("minutes"), 0);
  }
}

TEST_F(TierReaderTest, WhereAClockWasSetBackAllIsStillThere) {
  auto store = open();
  const InstanceId id = store->instance_id(store->target_id("a", {}, kHour), process(1), kHour).id;
  for (int i = 0; i < 1000; ++i) {
    Sample s = sample(id, kHour + i * 5s - (i < 500 ? 0s : 1000s), i);
    s.monotonic = i * 5s;
    store->add_sample(s);
  }
  ASSERT_TRUE(store->close(kFlushTimeout));
  pass(kHour + 24h + 10min);
  SampleQuery query;
  query.instance = id;
  SampleReader r = reader();
  std::int64_t samples = 0;
  milliseconds last{-1};
  int steps_back = 0;
  ASSERT_TRUE(r.for_each(query, [&](const SampleRow& row) {
    samples += samples_of(row);
    if (row.sample.monotonic <= last) ++steps_back;
    last = row.sample.monotonic;
    return true;
  }));
  EXPECT_EQ(samples, 1000);
  EXPECT_EQ(steps_back, 0);
}

TEST_F(TierReaderTest, EachReaderTakesWhatItNeeds) {
  record(1, kHour, 12, 5s);
  pass(kHour + 48h);
  std::vector<Sample> replayed;
  MetricValues typical;
  MetricValues lowest;
  const auto read = [&](milliseconds block) {
    replayed.clear();
    SampleReader r = reader();
    ASSERT_TRUE(r.for_each({}, [&](const SampleRow& row) {
      typical = typical_values(row);
      lowest = lowest_values(row);
      return replay_row(row, block, [&](const Sample& s) {
        replayed.push_back(s);
        return true;
      });
    }));
  };
  read(60s);
  double sum = 0;
  double least = 1e18;
  for (const Sample& s : written_) {
    sum += *s.values.get(Metric::kRssBytes);
    least = std::min(least, *s.values.get(Metric::kRssBytes));
  }
  EXPECT_NEAR(*typical.get(Metric::kRssBytes), sum / 12, 1e-6);
  EXPECT_EQ(typical.get(Metric::kCpuSecondsTotal),
            written_.back().values.get(Metric::kCpuSecondsTotal));
  EXPECT_EQ(lowest.get(Metric::kRssBytes), least);
  ASSERT_EQ(replayed.size(), 12U);
  for (std::size_t i = 0; i < replayed.size(); ++i) {
    EXPECT_EQ(replayed[i].time, written_[i].time);
    EXPECT_EQ(replayed[i].monotonic, written_[i].monotonic);
    EXPECT_EQ(replayed[i].values.get(Metric::kRssBytes), least);
    EXPECT_EQ(replayed[i].values.has(Metric::kCpuSecondsTotal), i == 11);
  }
  read(30s);  // blocks that are shorter than the row
  EXPECT_TRUE(replayed.empty());
}

}  // namespace
}  // namespace soakwatch
