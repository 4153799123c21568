#include "model/metric.h"

#include <gtest/gtest.h>

#include <set>

namespace soakwatch {
namespace {

TEST(Metric, NamesAreUniqueAndFoundAgain) {
  std::set<std::string_view> names;
  for (const MetricDescriptor& metric : all_metrics()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_EQ(metric_from_name(metric.name), metric.id);
    EXPECT_FALSE(metric.help.empty());
  }
  EXPECT_FALSE(metric_from_name("rss"));
  EXPECT_FALSE(metric_from_name(""));
}

TEST(Metric, CountersEndInTotal) {
  for (const MetricDescriptor& metric : all_metrics()) {
    EXPECT_EQ(metric.type == MetricType::kCounter, metric.name.ends_with("_total")) << metric.name;
    EXPECT_EQ(metric.unit == Unit::kBytes, metric.name.find("_bytes") != std::string_view::npos);
  }
}

TEST(MetricValues, MissingIsNotZero) {
  MetricValues values;
  EXPECT_TRUE(values.empty());
  EXPECT_FALSE(values.get(Metric::kOpenFds));
  values.set(Metric::kOpenFds, 0);
  EXPECT_EQ(values.get(Metric::kOpenFds), 0.0);
  EXPECT_EQ(values.count(), 1U);
  values.clear(Metric::kOpenFds);
  EXPECT_FALSE(values.has(Metric::kOpenFds));
}

TEST(MetricValues, MergeTakesOnlyWhatIsThere) {
  MetricValues a;
  a.set(Metric::kRssBytes, 1);
  a.set(Metric::kThreads, 2);
  MetricValues b;
  b.set(Metric::kThreads, 3);
  a.merge(b);
  EXPECT_EQ(a.get(Metric::kRssBytes), 1.0);
  EXPECT_EQ(a.get(Metric::kThreads), 3.0);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace soakwatch
