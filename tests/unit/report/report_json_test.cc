#include "report/report_json.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <limits>

#include "tests/unit/report/example_report.h"

namespace soakwatch {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;

std::vector<std::string> keys(const json::value& value) {
  std::vector<std::string> names;
  for (const auto& [key, unused] : value.as_object()) names.emplace_back(key);
  return names;
}

// docs/report.md promises these.
TEST(ReportJson, HasTheKeysOfItsSchema) {
  const json::value report = json::parse(report_json(example_report()));
  EXPECT_EQ(report.at("schema").as_int64(), 1);
  EXPECT_THAT(keys(report),
              ElementsAre("schema", "made", "target", "spec", "status", "headline", "open",
                          "verdict", "since", "until", "first_sample", "last_sample", "samples",
                          "interval_seconds", "host", "instances", "alerts", "smallest_detectable",
                          "captures", "growth", "gaps", "events", "events_left_out", "series"));
  EXPECT_THAT(keys(report.at("instances").at(0)),
              ElementsAre("id", "pid", "command", "exe", "first_seen", "ended", "end_reason",
                          "samples", "limits", "gogc_percent", "gogc_off", "gomemlimit_bytes"));
  EXPECT_THAT(keys(report.at("alerts").at(0)),
              ElementsAre("id", "root_id", "instance", "pid", "state", "grade", "severity",
                          "is_leak", "detector", "metric", "base", "current", "growth",
                          "slope_per_hour", "slope_ci", "since", "span_seconds", "pending_since",
                          "fired_at", "resolved_at", "updated", "summary", "cause", "limit",
                          "probe", "culprits", "ruled_out", "gates", "history"));
  EXPECT_THAT(keys(report.at("alerts").at(0).at("culprits").at(0)),
              ElementsAre("kind", "name", "location", "state", "before", "now", "share", "stack"));
  EXPECT_THAT(keys(report.at("series").at(0)),
              ElementsAre("metric", "samples", "first", "last", "min", "max", "increase", "floor",
                          "bucket_columns", "buckets"));
  EXPECT_THAT(keys(report.at("captures").at(0)),
              ElementsAre("id", "time", "kind", "reason", "instance", "alert", "file", "bytes"));
}

TEST(ReportJson, SaysWhatThePageSays) {
  const json::value report = json::parse(report_json(example_report()));
  EXPECT_EQ(report.at("status").as_string(), "leak");
  EXPECT_EQ(report.at("verdict").at("outcome").as_string(), "FAIL");
  EXPECT_EQ(report.at("open").at("location").as_string(), "chain.go:214");
  EXPECT_EQ(report.at("first_sample").as_string(), "2026-11-19T22:00:00Z");
  EXPECT_EQ(report.at("samples").as_int64(), 457);
  EXPECT_EQ(report.at("alerts").at(0).at("slope_per_hour").as_int64(), 240);
  EXPECT_TRUE(report.at("alerts").at(0).at("root_id").is_null());
  EXPECT_TRUE(report.at("smallest_detectable").at(1).at("slope_per_hour").is_null());
  EXPECT_EQ(report.at("series").at(0).at("bucket_columns").as_array().size(),
            report.at("series").at(0).at("buckets").at(0).as_array().size());
}

TEST(ReportJson, IsJsonWhateverTheFiguresAndNamesAre) {
  ReportData data = example_report();
  data.target.name = "\xff\x1b\"\n";
  data.alerts[0].alert.finding.base = std::numeric_limits<double>::quiet_NaN();
  data.alerts[0].alert.finding.current = std::numeric_limits<double>::infinity();
  const json::value report = json::parse(report_json(data));
  EXPECT_EQ(report.at("target").as_string(), "\\xff\\x1b\"\\x0a");
  EXPECT_TRUE(report.at("alerts").at(0).at("base").is_null());
  ReportData none;
  EXPECT_EQ(json::parse(report_json(none)).at("status").as_string(), "no_data");
  EXPECT_TRUE(json::parse(report_json(none)).at("first_sample").is_null());
}

}  // namespace
}  // namespace soakwatch
