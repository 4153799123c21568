#include <boost/json/array.hpp>

#include "cli/compare/growth_output.h"
#include "cli/compare/moment_output.h"
#include "cli/compare/run_output.h"
#include "detectors/signals.h"

namespace soakwatch {
namespace {

double in_seconds(milliseconds duration) { return static_cast<double>(duration.count()) / 1000; }

boost::json::object json_of(const Run& run) {
  return {{"database", run.database.string()},
          {"target", run.target.name},
          {"instance", run.instance.id},
          {"instances", run.instances},
          {"pid", run.instance.process.id.pid},
          {"first", format_utc(run.first)},
          {"last", format_utc(run.last)},
          {"samples", run.samples},
          {"judged_seconds", in_seconds(run.judged)}};
}

// Null: not comparable.
boost::json::value json_of(const RunSignal& signal, bool grows) {
  if (!signal.course) return nullptr;
  const RunCourse& course = *signal.course;
  return boost::json::object{{"level", json_number(course.level)},
                             {"end", json_number(course.end)},
                             {"slope_per_hour", json_number(course.slope_per_hour.value)},
                             {"slope_low", json_number(course.slope_per_hour.low)},
                             {"slope_high", json_number(course.slope_per_hour.high)},
                             {"span_seconds", course.hours * 3600},
                             {"samples", signal.samples},
                             {"grows", grows},
                             {"alerted", signal.alerted}};
}

boost::json::object json_of(const SignalComparison& one) {
  const SignalDescriptor& signal = describe(one.a.options.signal);
  boost::json::object object{{"detector", signal.detector},
                             {"metric", describe(one.b.metric).name},
                             {"difference", to_string(one.result.difference)},
                             {"level_change", nullptr},
                             {"slope_change_per_hour", nullptr},
                             {"a", json_of(one.a, one.result.a_grows)},
                             {"b", json_of(one.b, one.result.b_grows)}};
  if (one.a.course && one.b.course) {
    object["level_change"] = json_number(one.result.level_change);
    object["slope_change_per_hour"] = json_number(one.result.slope_change);
  }
  return object;
}

}  // namespace

boost::json::object runs_json(const RunsComparison& comparison, const StoredPairs& pairs) {
  boost::json::array metrics;
  for (const SignalComparison& one : comparison.signals) metrics.push_back(json_of(one));
  boost::json::object object{{"sort", to_string(SubjectSort::kRun)},
                             {"new_leak", has(comparison, Difference::kGrowsInB)},
                             {"warm_up_seconds", in_seconds(comparison.warm_up)},
                             {"a", json_of(comparison.baseline)},
                             {"b", json_of(comparison.candidate)},
                             {"metrics", std::move(metrics)}};
  add_pairs(pairs, object);
  return object;
}

}  // namespace soakwatch
