// All that a report says, as plain data: gathered once, written as HTML, Markdown and JSON.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/alert.h"
#include "model/capture.h"
#include "model/event.h"
#include "model/finding.h"
#include "report/capture_growth.h"
#include "report/floor_line.h"
#include "report/series_buckets.h"
#include "storage/sample_reader.h"

namespace soakwatch {

struct ReportQuery {
  // By name; absent: the one with the most urgent alert, else the one with the newest sample.
  std::optional<std::string> target;
  std::optional<WallTime> since;  // inclusive
  std::optional<WallTime> until;  // exclusive
  std::size_t bucket_limit = 600;
};

struct ReportInstance {
  InstanceRow row;
  std::int64_t samples = 0;
  WallTime first;  // of its samples in the report; the epoch where there is none
  WallTime last;
};

struct ReportAlert {
  Alert alert;  // as it was at the end of the report
  std::vector<AlertTransition> history;
  std::optional<AlertId> root;  // the alert of this report that explains it
  std::optional<FloorLine> floor;
};

struct ReportSeries {
  MetricSeries data;
  // Over the longest instance; absent for counters and where there is too little.
  std::optional<FloorLine> floor;
};

// Time without samples within the life of one instance.
struct ReportGap {
  InstanceId instance = 0;
  WallTime from;
  WallTime to;
};

// What a soak ended with; a report about a daemon's records has none.
struct ReportVerdict {
  enum class Outcome : std::uint8_t { kPass, kFail, kInconclusive };
  Outcome outcome = Outcome::kInconclusive;
  std::string reason;  // one sentence
};
std::string_view to_string(ReportVerdict::Outcome outcome);  // "PASS"

// What the records themselves say, in this order of weight.
enum class ReportStatus : std::uint8_t {
  kLeak,
  kSuspicion,
  kQuiet,
  kTooShort,  // no window was full, so that nothing could have been found
  kNoData,
};
std::string_view to_string(ReportStatus status);  // "leak", "suspicion", "quiet", "too_short", ...

struct OtherTarget {
  std::string name;
  std::size_t open_alerts = 0;
};

struct ReportData {
  TargetRow target;
  WallTime made;
  std::optional<WallTime> since;  // as asked for
  std::optional<WallTime> until;
  WallTime first;  // of all samples; the epoch where there is none
  WallTime last;
  std::int64_t samples = 0;
  std::optional<milliseconds> interval;  // between samples, the median of the first ones
  std::vector<ReportInstance> instances;
  std::vector<ReportAlert> alerts;  // most urgent families first, a root before those it explains
  std::vector<ReportSeries> series;
  std::vector<ReportGap> gaps;
  std::vector<Event> events;     // of the target and of the daemon, in order of time
  bool events_left_out = false;  // there were more, older ones
  std::vector<OtherTarget> others;

  // Filled in by the caller; each may stay empty.
  std::optional<ReportVerdict> verdict;
  std::vector<Sensitivity> smallest_detectable;
  std::vector<Capture> captures;      // in order of time
  std::vector<CaptureGrowth> growth;  // between the first and the newest of each kind
  std::string captures_folder;        // where their files lie
  std::vector<std::string> host;      // facts about the machine, a line each
  std::string database;               // for the commands that are recommended
};

ReportStatus status_of(const ReportData& data);
const ReportSeries* find_series(const ReportData& data, Metric metric);
const ReportAlert* find_alert(const ReportData& data, AlertId id);
const ReportInstance* find_instance(const ReportData& data, InstanceId id);

// The captures of the report's target and time, what grew between them, and where their files lie.
Result<void> add_captures(SampleReader& reader, const std::filesystem::path& database,
                          ReportData& data);

// Reads each sample once, in pages; memory is bounded by the buckets. Errors are the reader's;
// kNotFound: the database holds no target, or not the one asked for.
Result<ReportData> gather(SampleReader& reader, const ReportQuery& query, WallTime now);

}  // namespace soakwatch
