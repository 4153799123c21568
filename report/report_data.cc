#include "report/report_data.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "model/alert_family.h"
#include "storage/capture_folder.h"
#include "storage/row_values.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMostAlerts = 1000;
constexpr std::size_t kMostEvents = 500;
constexpr std::size_t kMostCapturesRead = 2000;
constexpr std::size_t kMostGroups = 10;  // of what grew between two captures
constexpr std::size_t kIntervalSamples = 512;

bool is_open(const Alert& alert) {
  return alert.state == AlertState::kPending || alert.state == AlertState::kFiring ||
         alert.state == AlertState::kPlateau;
}

// Of the targets, the one that a morning reader wants to see.
Result<std::size_t> choose(SampleReader& reader, const std::vector<TargetRow>& targets,
                           const std::vector<Alert>& alerts, const ReportQuery& query) {
  if (targets.empty()) return not_found("the database holds no target yet");
  if (query.target) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].name == *query.target) return i;
    }
    return not_found("the database has no target '" + *query.target + "'");
  }
  if (targets.size() == 1) return std::size_t{0};
  std::size_t best = 0;
  std::tuple<int, WallTime> best_weight{-1, WallTime{}};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    int urgency = 0;
    for (const Alert& alert : alerts) {
      if (alert.target != targets[i].id || !is_open(alert)) continue;
      const int weight = !alert.fired_at ? 1 : 2 + static_cast<int>(alert.finding.severity);
      urgency = std::max(urgency, weight);
    }
    auto instances = reader.instances(targets[i].id);
    if (!instances) return instances.error();
    WallTime newest{};
    // The daemon itself is what people read about only where it is named, or in trouble.
    if (!instances->empty() && targets[i].name != kSelfTargetName) {
      auto sample = reader.latest(instances->back().id);
      if (!sample) return sample.error();
      if (*sample) newest = (*sample)->time;
    }
    const std::tuple weight{urgency, newest};
    if (weight > best_weight) std::tie(best, best_weight) = std::pair(i, weight);
  }
  return best;
}

// The alert as it was when the report ends, and its history up to then.
Result<std::optional<ReportAlert>> alert_within(SampleReader& reader, const Alert& alert,
                                                const ReportQuery& query) {
  auto history = reader.alert_history(alert.id);
  if (!history) return history.error();
  ReportAlert result{alert, std::move(*history), {}, {}};
  if (query.until) {
    if (alert.pending_since >= *query.until) return std::optional<ReportAlert>();
    auto& steps = result.history;
    const auto later = std::find_if(steps.begin(), steps.end(), [&](const AlertTransition& step) {
      return step.time >= *query.until;
    });
    if (later != steps.end()) {
      if (later == steps.begin()) return std::optional<ReportAlert>();
      result.alert = std::prev(later)->alert;
      steps.erase(later, steps.end());
    }
  }
  const bool is_over = result.alert.state == AlertState::kInactive;
  const bool ended_before =
      query.since && result.alert.resolved_at && *result.alert.resolved_at < *query.since;
  if (is_over || ended_before) return std::optional<ReportAlert>();
  return std::optional(std::move(result));
}

Result<void> gather_alerts(SampleReader& reader, const std::vector<Alert>& all,
                           const ReportQuery& query, ReportData& data) {
  std::vector<ReportAlert> found;
  std::vector<Alert> plain;
  for (const Alert& alert : all) {
    if (alert.target != data.target.id) continue;
    auto within = alert_within(reader, alert, query);
    if (!within) return within.error();
    if (!*within) continue;
    plain.push_back((*within)->alert);
    found.push_back(std::move(**within));
  }
  const auto take = [&](const Alert* alert, std::optional<AlertId> root) {
    ReportAlert& one = found[static_cast<std::size_t>(alert - plain.data())];
    one.root = root;
    data.alerts.push_back(std::move(one));
  };
  for (const AlertFamily& family : families_of(plain)) {
    take(family.root, std::nullopt);
    for (const Alert* child : family.children) take(child, family.root->id);
  }
  return {};
}

Result<void> gather_events(SampleReader& reader, const ReportQuery& query, ReportData& data) {
  for (const TargetId target : {data.target.id, TargetId{0}}) {
    auto events = reader.events(target, query.since, kMostEvents);
    if (!events) return events.error();
    data.events_left_out = data.events_left_out || events->size() == kMostEvents;
    for (Event& event : *events) {
      if (!query.until || event.time < *query.until) data.events.push_back(std::move(event));
    }
  }
  std::stable_sort(data.events.begin(), data.events.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
  return {};
}

// The longest pauses between samples: the interval, by which a gap is judged, is known only later.
class LongestPauses {
 public:
  void add(const ReportGap& pause) {
    if (pauses_.size() == kMostGaps && !longer(pause, pauses_.front())) return;
    pauses_.push_back(pause);
    std::push_heap(pauses_.begin(), pauses_.end(), longer);
    if (pauses_.size() <= kMostGaps) return;
    std::pop_heap(pauses_.begin(), pauses_.end(), longer);
    pauses_.pop_back();
  }
  [[nodiscard]] std::vector<ReportGap> gaps(milliseconds interval) const {
    constexpr int kMissedSamples = 5;
    std::vector<ReportGap> found;
    for (const ReportGap& pause : pauses_) {
      if (pause.to - pause.from > kMissedSamples * interval) found.push_back(pause);
    }
    std::sort(found.begin(), found.end(),
              [](const ReportGap& a, const ReportGap& b) { return a.from < b.from; });
    return found;
  }

 private:
  static constexpr std::size_t kMostGaps = 64;
  static bool longer(const ReportGap& a, const ReportGap& b) {
    return a.to - a.from > b.to - b.from;
  }
  std::vector<ReportGap> pauses_;  // a heap, the shortest at the front
};

Result<void> gather_samples(SampleReader& reader, const ReportQuery& query, ReportData& data) {
  SeriesBuckets buckets(query.bucket_limit);
  std::map<InstanceId, std::size_t> places;
  for (std::size_t i = 0; i < data.instances.size(); ++i) places[data.instances[i].row.id] = i;
  std::vector<milliseconds> steps;
  LongestPauses pauses;
  const SampleQuery samples{data.target.name, {}, query.since, query.until};
  auto read = reader.for_each(samples, [&](const SampleRow& row) {
    const Sample& sample = row.sample;
    const auto place = places.find(sample.instance);
    if (place == places.end()) return true;  // began after the instances were read
    ReportInstance& instance = data.instances[place->second];
    const std::int64_t count = samples_of(row);
    const WallTime begin = begin_of(row);
    if (data.samples == 0) data.first = begin;
    data.last = sample.time;
    if (instance.samples == 0) {
      instance.first = begin;
    } else {
      const milliseconds step =
          row.bucket == nullptr ? begin - instance.last : span_of(row.bucket->tier) / count;
      if (steps.size() < kIntervalSamples) steps.push_back(step);
      pauses.add({sample.instance, instance.last, begin});
    }
    data.samples += count;
    instance.samples += count;
    instance.last = sample.time;
    buckets.add(sample, lowest_values(row), highest_values(row), begin, count);
    return true;
  });
  if (!read) return read.error();
  if (!steps.empty()) {
    const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
    std::nth_element(steps.begin(), middle, steps.end());
    data.interval = *middle;
    data.gaps = pauses.gaps(*middle);
  }
  for (MetricSeries& series : buckets.series()) data.series.push_back({std::move(series), {}});
  return {};
}

void fit_floors(ReportData& data) {
  const auto longest = std::max_element(data.instances.begin(), data.instances.end(),
                                        [](const ReportInstance& a, const ReportInstance& b) {
                                          return a.last - a.first < b.last - b.first;
                                        });
  if (longest == data.instances.end()) return;
  for (ReportSeries& series : data.series) {
    if (describe(series.data.metric).type == MetricType::kCounter) continue;
    series.floor = floor_line(series.data, longest->row.id, longest->first, longest->last);
  }
  for (ReportAlert& one : data.alerts) {
    const Finding& finding = one.alert.finding;
    const ReportSeries* series = find_series(data, finding.metric);
    if (series == nullptr || describe(finding.metric).type == MetricType::kCounter) continue;
    const WallTime end = one.alert.quiet_since.value_or(one.alert.resolved_at.value_or(data.last));
    one.floor = floor_line(series->data, one.alert.instance, finding.since, end);
  }
}

template <class List, class Matches>
const typename List::value_type* find_in(const List& list, Matches matches) {
  const auto found = std::find_if(list.begin(), list.end(), matches);
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(ReportVerdict::Outcome outcome) {
  switch (outcome) {
    case ReportVerdict::Outcome::kPass:
      return "PASS";
    case ReportVerdict::Outcome::kFail:
      return "FAIL";
    case ReportVerdict::Outcome::kInconclusive:
      break;
  }
  return "INCONCLUSIVE";
}

std::string_view to_string(ReportStatus status) {
  constexpr std::array<std::string_view, 5> kWords{"leak", "suspicion", "quiet", "too_short",
                                                   "no_data"};
  return kWords[static_cast<std::size_t>(status)];
}

ReportStatus status_of(const ReportData& data) {
  if (data.samples == 0 && data.alerts.empty()) return ReportStatus::kNoData;
  const auto& seen = data.smallest_detectable;
  const bool nothing_seen =
      !seen.empty() && std::none_of(seen.begin(), seen.end(),
                                    [](const auto& s) { return s.slope_per_hour.has_value(); });
  ReportStatus status = nothing_seen ? ReportStatus::kTooShort : ReportStatus::kQuiet;
  for (const ReportAlert& one : data.alerts) {
    if (!one.alert.finding.is_leak) continue;
    if (one.alert.fired_at) return ReportStatus::kLeak;
    if (is_open(one.alert)) status = ReportStatus::kSuspicion;
  }
  return status;
}

const ReportSeries* find_series(const ReportData& data, Metric metric) {
  return find_in(data.series, [&](const ReportSeries& s) { return s.data.metric == metric; });
}

const ReportAlert* find_alert(const ReportData& data, AlertId id) {
  return find_in(data.alerts, [&](const ReportAlert& a) { return a.alert.id == id; });
}

const ReportInstance* find_instance(const ReportData& data, InstanceId id) {
  return find_in(data.instances, [&](const ReportInstance& i) { return i.row.id == id; });
}

Result<ReportData> gather(SampleReader& reader, const ReportQuery& query, WallTime now) {
  auto targets = reader.targets();
  if (!targets) return targets.error();
  auto alerts = reader.alerts(false, kMostAlerts);
  if (!alerts) return alerts.error();
  const auto chosen = choose(reader, *targets, *alerts, query);
  if (!chosen) return chosen.error();

  ReportData data;
  data.target = (*targets)[*chosen];
  data.made = now;
  data.since = query.since;
  data.until = query.until;
  for (const TargetRow& target : *targets) {
    if (target.id == data.target.id) continue;
    const auto open = std::count_if(alerts->begin(), alerts->end(), [&](const Alert& alert) {
      return alert.target == target.id && is_open(alert);
    });
    data.others.push_back({target.name, static_cast<std::size_t>(open)});
  }
  auto instances = reader.instances(data.target.id);
  if (!instances) return instances.error();
  for (InstanceRow& row : *instances) data.instances.push_back({std::move(row), 0, {}, {}});
  if (auto done = gather_samples(reader, query, data); !done) return done.error();
  // Those that lived outside of the report's time.
  std::erase_if(data.instances, [&](const ReportInstance& instance) {
    const bool after = query.until && instance.row.first_seen >= *query.until;
    const bool before = query.since && instance.row.ended && *instance.row.ended < *query.since;
    return instance.samples == 0 && (after || before);
  });
  if (auto done = gather_alerts(reader, *alerts, query, data); !done) return done.error();
  if (auto done = gather_events(reader, query, data); !done) return done.error();
  fit_floors(data);
  return data;
}

Result<void> add_captures(SampleReader& reader, const std::filesystem::path& database,
                          ReportData& data) {
  CaptureQuery query;
  query.target = data.target.name;
  query.since = data.since;
  query.until = data.until;
  query.limit_rows = kMostCapturesRead;
  auto captures = reader.captures(query);
  if (!captures) return captures.error();
  std::reverse(captures->begin(), captures->end());
  data.captures = std::move(*captures);
  data.captures_folder = captures_folder(database).string();
  data.growth = growth_between(database, data.captures, kMostGroups);
  return {};
}

}  // namespace soakwatch
