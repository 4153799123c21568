// What is exported reads back the same, whatever it was.
#include <bit>
#include <cmath>
#include <random>
#include <sstream>

#include "storage/csv_export.h"
#include "storage/csv_import.h"
#include "store_fixture.h"

namespace soakwatch {
namespace {

class CsvRoundTrip : public testing::TestWithParam<CsvOptions> {};

MetricValues random_values(std::mt19937_64& random) {
  MetricValues values;
  for (const MetricDescriptor& metric : all_metrics()) {
    if (random() % 3 == 0) continue;
    if (is_integral(metric.id)) {
      values.set(metric.id, static_cast<double>(random() >> (random() % 64) >> 1U));
    } else {
      // Any finite, positive bit pattern.
      const double value = std::bit_cast<double>(random() >> 1U);
      if (std::isfinite(value)) values.set(metric.id, value);
    }
  }
  return values;
}

TEST_P(CsvRoundTrip, ReadsBackTheSame) {
  std::mt19937_64 random(20261120);
  const std::vector<std::string> names{"plain", "a,b",        "q\"uo\"te", "two\nlines", "=1+1",
                                       "\t x",  "semi;colon", "größe",     "\r\n"};
  const CsvWriter writer(GetParam());
  std::string text = writer.header();
  std::vector<CsvSample> expected;
  for (int i = 0; i < 2000; ++i) {
    TargetRow target;
    target.name = names[random() % names.size()];
    InstanceRow instance;
    instance.process.id.pid = static_cast<pid_t>(1 + random() % 4000000);
    Sample s;
    s.time = from_unix_ms(static_cast<std::int64_t>(random() % 4102444800000U));
    s.values = random_values(random);
    if (s.values.empty()) continue;
    writer.append({&target, &instance, i, s}, text);
    expected.push_back({s.time, target.name, instance.process.id.pid, s.values});
  }
  std::istringstream in(text);
  std::size_t at = 0;
  const auto read = read_csv(in, {}, [&](const CsvSample& got) {
    const CsvSample& want = expected.at(at++);
    EXPECT_EQ(got.time, want.time);
    EXPECT_EQ(got.target, want.target);
    EXPECT_EQ(got.pid, want.pid);
    EXPECT_EQ(got.values, want.values);
    return !testing::Test::HasFailure();
  });
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(at, expected.size());
}

INSTANTIATE_TEST_SUITE_P(Forms, CsvRoundTrip,
                         testing::Values(CsvOptions{},
                                         CsvOptions{CsvFormat::kLong, false, '.', false},
                                         CsvOptions{CsvFormat::kWide, true, '.', false},
                                         CsvOptions{CsvFormat::kWide, true, ',', false},
                                         CsvOptions{CsvFormat::kLong, false, ',', false}));

}  // namespace
}  // namespace soakwatch
