#include "cli/compare/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/analyze/span_minima.h"
#include "cli/command.h"
#include "detectors/signals.h"
#include "model/printable.h"
#include "storage/row_values.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMostAlertsOfRun = 10000;

// One signal as it is read, sample by sample.
struct Reading {
  SignalReader reader;
  SpanMinima minima{milliseconds(1)};  // doubles as the run grows
};

RunSize size_of(const SignalOptions& signal, const DetectionOptions& options) {
  return {signal.min_growth, signal.min_growth_ratio, options.levelling_off_ratio};
}

// Since its process became the program that it is last.
Result<SampleQuery> query_of(SampleReader& reader, const TargetRow& target,
                             const InstanceRow& instance) {
  SampleQuery query{target.name, instance.id, {}, {}};
  const auto changes = reader.program_changes(instance.id);
  if (!changes) return changes.error();
  if (!changes->empty()) query.since = changes->back();
  return query;
}

Result<void> choose_instance(SampleReader& reader, Run& run) {
  const auto instances = reader.instances(run.target.id);
  if (!instances) return instances.error();
  run.instances = instances->size();
  for (const InstanceRow& instance : *instances) {
    const auto query = query_of(reader, run.target, instance);
    if (!query) return query.error();
    const auto count = reader.samples(*query);
    if (!count) return count.error();
    if (*count <= run.samples) continue;
    run.samples = *count;
    run.instance = instance;
  }
  if (run.samples == 0)
    return not_found("no sample of '" + printable(run.target.name) + "' in the database");
  return {};
}

Result<void> read_samples(SampleReader& reader, const DetectionOptions& options, Run& run) {
  const auto query = query_of(reader, run.target, run.instance);
  if (!query) return query.error();
  const GoSettings go = go_settings(run.instance.process);
  std::vector<Reading> readings;
  for (const SignalOptions& signal : options.signals)
    readings.push_back({SignalReader(signal.signal, go)});
  std::optional<milliseconds> begin;
  milliseconds now{0};
  const auto take = [&](const Sample& sample) {
    if (!begin) {
      begin = now = sample.monotonic;
      run.first = sample.time;
    }
    now = std::max(now, sample.monotonic);
    run.last = sample.time;
    const bool warm = now - *begin >= options.warm_up;
    for (std::size_t i = 0; i < readings.size(); ++i) {
      // Before, too: it remembers what it saw.
      const auto value = readings[i].reader.read(sample.values);
      if (!value || !std::isfinite(value->value)) continue;
      run.signals[i].read = true;
      if (!warm) continue;
      const Metric metric = describe(options.signals[i].signal).metric;
      MetricValues values;
      values.set(metric, value->value);
      readings[i].minima.add(now, values);
    }
    return true;
  };
  const auto read = reader.for_each(*query, [&](const SampleRow& row) {
    return replay_row(row, span_of(Tier::kHours), take);  // minima of long blocks: all of it counts
  });
  if (!read) return read.error();
  run.judged = std::max(now - begin.value_or(now) - options.warm_up, milliseconds(0));
  for (std::size_t i = 0; i < readings.size(); ++i) {
    RunSignal& signal = run.signals[i];
    const Metric metric = describe(signal.options.signal).metric;
    signal.metric = readings[i].reader.metric();
    signal.samples = readings[i].minima.samples(metric);
    signal.course = course_of(readings[i].minima.points(metric), size_of(signal.options, options),
                              signal.alerted);
  }
  return {};
}

Result<void> read_alerts(SampleReader& reader, Run& run) {
  const auto alerts = reader.alerts(false, kMostAlertsOfRun);
  if (!alerts) return alerts.error();
  for (const Alert& alert : *alerts) {
    if (alert.instance != run.instance.id || !alert.fired_at || !alert.finding.is_leak) continue;
    for (RunSignal& signal : run.signals) {
      if (describe(signal.options.signal).detector == alert.finding.detector) signal.alerted = true;
    }
  }
  return {};
}

}  // namespace

Result<TargetRow> choose_target(SampleReader& reader, const std::optional<std::string>& name) {
  if (name) {
    if (auto exists = check_target_exists(reader, *name); !exists) return exists.error();
  }
  auto targets = reader.targets();
  if (!targets) return targets.error();
  if (targets->empty()) return not_found("the database holds no target yet");
  // The daemon itself is meant only where it is named.
  const auto is_self = [](const TargetRow& target) { return target.name == kSelfTargetName; };
  if (!name && targets->size() > 1) std::erase_if(*targets, is_self);
  std::string names;
  for (const TargetRow& target : *targets) {
    if (name ? target.name == *name : targets->size() == 1) return target;
    names += (names.empty() ? "" : ", ") + printable(target.name);
  }
  return invalid("several targets: choose one with --target (there is: " + names + ")");
}

Result<Run> read_run(const std::filesystem::path& database,
                     const std::optional<std::string>& target, const DetectionOptions& options) {
  const auto read = [&]() -> Result<Run> {
    auto reader = SampleReader::open(database);
    if (!reader) return reader.error();
    auto chosen = choose_target(*reader, target);
    if (!chosen) return chosen.error();
    Run run;
    run.database = database;
    run.target = std::move(*chosen);
    for (const SignalOptions& signal : options.signals) {
      run.signals.push_back({signal, describe(signal.signal).metric, false, 0, false, {}});
    }
    if (auto done = choose_instance(*reader, run); !done) return done.error();
    if (auto done = read_alerts(*reader, run); !done) return done.error();
    if (auto done = read_samples(*reader, options, run); !done) return done.error();
    return run;
  };
  auto run = read();
  const std::string name = printable(database.string(), 4096);
  if (run || run.error().message.find(name) != std::string::npos) return run;
  return run.error().in(name);
}

Result<std::vector<Capture>> last_captures(const Run& run) {
  auto reader = SampleReader::open(run.database);
  if (!reader) return reader.error();
  CaptureQuery query;
  query.target = run.target.name;
  query.instance = run.instance.id;
  const auto captures = reader->captures(query);
  if (!captures) return captures.error();
  std::vector<Capture> last;
  for (const Capture& capture : *captures) {  // the newest first
    const auto known = std::find_if(last.begin(), last.end(),
                                    [&](const Capture& c) { return c.kind == capture.kind; });
    const bool final = capture.reason == CaptureReason::kFinal;
    if (known == last.end()) {
      last.push_back(capture);
    } else if (final && known->reason != CaptureReason::kFinal) {
      *known = capture;
    }
  }
  return last;
}

}  // namespace soakwatch
