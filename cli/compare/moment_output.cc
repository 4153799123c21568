#include "cli/compare/moment_output.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "cli/compare/growth_output.h"
#include "cli/terminal.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::size_t kStacksOfMoment = 1;  // of each kind

std::string change_of(Metric metric, double change) {
  if (change == 0) return "0";
  return (change < 0 ? "-" : "+") + format_value(metric, change < 0 ? -change : change);
}

std::string side_text(std::string_view letter, const MomentSide& side) {
  std::string out = fmt::format("{}  {}", letter, printable(side.target));
  if (side.asked) out += ", " + format_local(*side.asked);
  if (!side.floors) return out + ": no samples\n";
  const MomentFloors& floors = *side.floors;
  return out + fmt::format(": instance {} (pid {}), lowest of {} samples, {} to {}\n",
                           floors.instance.id, floors.instance.process.id.pid, floors.samples,
                           format_local(floors.from), format_local(floors.to));
}

boost::json::object side_json(const MomentSide& side) {
  boost::json::object object{{"target", side.target}};
  if (side.asked) object["time"] = format_utc(*side.asked);
  if (side.floors) {
    object["instance"] = side.floors->instance.id;
    object["pid"] = side.floors->instance.process.id.pid;
    object["from"] = format_utc(side.floors->from);
    object["to"] = format_utc(side.floors->to);
    object["samples"] = side.floors->samples;
  }
  return object;
}

// Figures that both have.
template <class Take>
void for_each_floor(const MomentComparison& comparison, Take take) {
  if (!comparison.before.floors || !comparison.after.floors) return;
  for (const MetricDescriptor& metric : all_metrics()) {
    const auto before = comparison.before.floors->minima.get(metric.id);
    const auto after = comparison.after.floors->minima.get(metric.id);
    if (before && after) take(metric, *before, *after);
  }
}

}  // namespace

std::string pairs_text(const StoredPairs& pairs, std::size_t most, bool color) {
  std::string out;
  for (const CapturePair& pair : pairs.pairs)
    out += "\n" + growth_text(pair, most, kStacksOfMoment, color);
  if (!pairs.notes.empty()) out += "\n" + bold("Not compared", color) + "\n";
  for (const std::string& note : pairs.notes) out += "  " + printable(note, 400) + "\n";
  return out;
}

void add_pairs(const StoredPairs& pairs, boost::json::object& object) {
  boost::json::array captures;
  for (const CapturePair& pair : pairs.pairs) captures.push_back(growth_json(pair));
  object["captures"] = std::move(captures);
  boost::json::array notes;
  for (const std::string& note : pairs.notes) notes.emplace_back(note);
  object["notes"] = std::move(notes);
}

std::string moment_text(const MomentComparison& comparison, const StoredPairs& pairs,
                        std::size_t most, bool color) {
  std::string out = side_text("A", comparison.before) + side_text("B", comparison.after);
  std::string table;
  for_each_floor(comparison, [&](const MetricDescriptor& metric, double before, double after) {
    table +=
        fmt::format("  {:<20} {:>12} {:>12} {:>12}\n", metric.name, format_value(metric.id, before),
                    format_value(metric.id, after), change_of(metric.id, after - before));
  });
  if (!table.empty()) {
    out += "\n" +
           dim(fmt::format("  {:<20} {:>12} {:>12} {:>12}", "floor", "A", "B", "change"), color) +
           "\n" + table;
  }
  return out + pairs_text(pairs, most, color);
}

boost::json::object moment_json(const MomentComparison& comparison, const StoredPairs& pairs) {
  boost::json::object metrics;
  for_each_floor(comparison, [&](const MetricDescriptor& metric, double before, double after) {
    metrics[metric.name] = boost::json::object{{"before", json_number(before)},
                                               {"now", json_number(after)},
                                               {"change", json_number(after - before)}};
  });
  boost::json::object object{{"sort", to_string(comparison.sort)},
                             {"a", side_json(comparison.before)},
                             {"b", side_json(comparison.after)},
                             {"floors", std::move(metrics)}};
  add_pairs(pairs, object);
  return object;
}

}  // namespace soakwatch
