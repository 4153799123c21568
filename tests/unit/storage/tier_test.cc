// What a bucket keeps of its samples, by comparison with a computation that has all of them.
#include "storage/tier.h"

#include <cmath>

#include "retention_fixture.h"

namespace soakwatch {
namespace {

TEST(TierBucket, BeginsAtWholeSpansAlsoBeforeTheEpoch) {
  EXPECT_EQ(bucket_begin_ms(119'999, 1min), 60'000);
  EXPECT_EQ(bucket_begin_ms(120'000, 1min), 120'000);
  EXPECT_EQ(bucket_begin_ms(-1, 1min), -60'000);
  EXPECT_EQ(bucket_begin_ms(-60'000, 1min), -60'000);
}

TEST(TierBucket, AMissingValueIsNoZero) {
  TierBucket bucket;
  Sample one = sample(1, kHour, 10);
  bucket.add(one);
  one.values.clear(Metric::kRssBytes);
  one.monotonic += 1s;
  bucket.add(one);
  EXPECT_EQ(bucket.samples, 2);
  EXPECT_EQ(bucket.lowest.get(Metric::kRssBytes), 10.0);
  EXPECT_EQ(bucket.average.get(Metric::kRssBytes), 10.0);
  EXPECT_EQ(bucket.last.values.get(Metric::kRssBytes), 10.0);  // the last one that there was
  EXPECT_FALSE(bucket.lowest.has(Metric::kOpenFds));
  EXPECT_FALSE(bucket.last.values.has(Metric::kOpenFds));
}

TEST(TierBucket, IsTheSameInWhateverOrderItsSamplesCome) {
  std::mt19937 random(3);
  std::vector<Sample> samples;
  for (int i = 0; i < 60; ++i) samples.push_back(mixed_sample(1, kHour + i * 1s, random));
  TierBucket forwards;
  for (const Sample& s : samples) forwards.add(s);
  TierBucket first;
  TierBucket second;
  for (int i = 0; i < 60; ++i) (i < 30 ? second : first).add(samples[static_cast<std::size_t>(i)]);
  first.add(second);
  EXPECT_EQ(first.samples, 60);
  EXPECT_EQ(first.last.time, forwards.last.time);
  EXPECT_EQ(first.last.values, forwards.last.values);
  EXPECT_EQ(first.lowest, forwards.lowest);
  EXPECT_EQ(first.highest, forwards.highest);
  EXPECT_NEAR(*first.average.get(Metric::kRssBytes), *forwards.average.get(Metric::kRssBytes), 1);
}

using TierFigures = RetentionTest;

// Of one table, each row against the samples of its time.
void expect_figures(const SQLite::Database& db, Tier tier, const std::vector<Sample>& written) {
  std::map<std::int64_t, std::vector<Sample>> buckets;
  for (const Sample& s : written)
    buckets[bucket_begin_ms(to_unix_ms(s.time), span_of(tier))].push_back(s);
  const std::string table(table_of(tier));
  SQLite::Statement rows(db, "SELECT * FROM " + table + " ORDER BY time_ms");
  std::size_t count = 0;
  while (rows.executeStep()) {
    ++count;
    const std::vector<Sample>& of = buckets.at(rows.getColumn("time_ms").getInt64());
    EXPECT_EQ(rows.getColumn("samples").getInt64(), static_cast<std::int64_t>(of.size()));
    EXPECT_EQ(rows.getColumn("last_ms").getInt64(), to_unix_ms(of.back().time));
    EXPECT_EQ(rows.getColumn("monotonic_ms").getInt64(), of.back().monotonic.count());
    for (const MetricDescriptor& metric : all_metrics()) {
      const std::string name(metric.name);
      std::vector<double> values;
      double sum = 0;
      for (const Sample& s : of) {
        if (const auto value = s.values.get(metric.id)) values.push_back(*value);
        if (const auto value = s.values.get(metric.id)) sum += *value;
      }
      const auto column = [&](const char* suffix) {
        return rows.getColumn((name + suffix).c_str());
      };
      ASSERT_EQ(column("").isNull(), values.empty()) << name;
      if (!keeps_extremes(metric.id)) {
        if (values.empty()) continue;
        EXPECT_EQ(column("").getDouble(), values.back()) << name;
        continue;
      }
      ASSERT_EQ(column("_min").isNull(), values.empty()) << name;
      ASSERT_EQ(column("_avg").isNull(), values.empty()) << name;
      if (values.empty()) continue;
      EXPECT_EQ(column("").getDouble(), values.back()) << name;
      EXPECT_EQ(column("_min").getDouble(), *std::min_element(values.begin(), values.end()))
          << name;
      EXPECT_EQ(column("_max").getDouble(), *std::max_element(values.begin(), values.end()))
          << name;
      if (tier == Tier::kMinutes || values.size() == of.size()) {
        const double mean = sum / static_cast<double>(values.size());
        EXPECT_NEAR(column("_avg").getDouble(), mean, 1e-9 * mean) << name;
      }
    }
  }
  EXPECT_EQ(count, buckets.size());
}

TEST_F(TierFigures, OfMinutesAndHoursAreThoseOfTheirSamples) {
  record(1, kHour + 7s, 3000, 4s);
  pass(kHour + 48h, 100);
  EXPECT_EQ(in("samples"), 0);
  expect_figures(SQLite::Database(options_.database.string()), Tier::kMinutes, written_);
  pass(kHour + 480h, 100);
  EXPECT_EQ(in("minutes"), 0);
  expect_figures(SQLite::Database(options_.database.string()), Tier::kHours, written_);
}

}  // namespace
}  // namespace soakwatch
