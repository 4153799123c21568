// Two times of one target, and two of its processes: floors and captures around two instants.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "cli/command.h"
#include "cli/compare/comparisons.h"
#include "cli/compare/moment_output.h"
#include "cli/compare/run.h"
#include "cli/terminal.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr milliseconds kFloorSpan = std::chrono::minutes(10);
constexpr milliseconds kLeastFloorSpan = std::chrono::seconds(1);
constexpr std::size_t kInstancesTold = 10;

int print(const CompareArguments& args, const MomentComparison& comparison) {
  if (args.top) {
    const auto profiles = profiles_of(comparison.before.side, comparison.after.side, args.kind);
    if (!profiles) return report_error(profiles.error());
    return print_top(args, profiles->before, profiles->after);
  }
  const StoredPairs pairs = pairs_of(comparison.before.side, comparison.after.side, args.kind);
  if (args.json) {
    std::printf("%s\n", boost::json::serialize(moment_json(comparison, pairs)).c_str());
  } else {
    const std::string text = moment_text(comparison, pairs, args.nodes, wants_color(Stream::kOut));
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  return kExitDone;
}

struct KnownInstance {
  TargetRow target;
  InstanceRow row;
};

Error no_instance(InstanceId id, const std::vector<KnownInstance>& known) {
  std::string there;
  const std::size_t first = known.size() - std::min(known.size(), kInstancesTold);
  for (std::size_t i = first; i < known.size(); ++i) {
    there += fmt::format("{}{} ({}, pid {}, since {})", there.empty() ? "" : ", ", known[i].row.id,
                         printable(known[i].target.name), known[i].row.process.id.pid,
                         format_local(known[i].row.first_seen));
  }
  return not_found(
      fmt::format("no instance {}{}{}", id, there.empty() ? "" : "; the newest: ", there));
}

Result<std::vector<KnownInstance>> all_instances(SampleReader& reader,
                                                 const std::optional<std::string>& target) {
  if (target) {
    if (auto exists = check_target_exists(reader, *target); !exists) return exists.error();
  }
  const auto targets = reader.targets();
  if (!targets) return targets.error();
  std::vector<KnownInstance> known;
  for (const TargetRow& one : *targets) {
    if (target && one.name != *target) continue;
    auto instances = reader.instances(one.id);
    if (!instances) return instances.error();
    for (InstanceRow& row : *instances) known.push_back({one, std::move(row)});
  }
  std::sort(known.begin(), known.end(),
            [](const auto& a, const auto& b) { return a.row.id < b.row.id; });
  return known;
}

Result<MomentSide> side_of_instance(SampleReader& reader, const std::filesystem::path& database,
                                    const std::vector<KnownInstance>& known, InstanceId id) {
  const auto found = std::find_if(known.begin(), known.end(),
                                  [id](const KnownInstance& one) { return one.row.id == id; });
  if (found == known.end()) return no_instance(id, known);
  CaptureQuery query;
  query.target = found->target.name;
  query.instance = id;
  const auto captures = reader.captures(query);
  if (!captures) return captures.error();
  MomentSide side{found->target.name, {}, {}, {database, first_captures(*captures)}};
  // Not from its start, where it holds little yet.
  WallTime from = found->row.first_seen;
  for (const Capture& capture : side.side.captures) from = std::max(from, capture.time);
  auto floors = floors_at(reader, found->target.name, {id, from, true}, kFloorSpan);
  if (floors && !*floors)
    floors = floors_at(reader, found->target.name, {id, found->row.first_seen, true}, kFloorSpan);
  if (!floors) return floors.error();
  side.floors = std::move(*floors);
  return side;
}

Result<MomentComparison> around_times(SampleReader& reader, const std::filesystem::path& database,
                                      const std::string& target, WallTime before, WallTime after) {
  CaptureQuery query;
  query.target = target;
  const auto captures = reader.captures(query);
  if (!captures) return captures.error();
  const auto a = anchor_at(reader, target, before);
  if (!a) return a.error();
  const auto b = anchor_at(reader, target, after);
  if (!b) return b.error();
  MomentComparison comparison{SubjectSort::kTime,
                              {target, before, {}, {database, nearest_captures(*captures, before)}},
                              {target, after, {}, {database, nearest_captures(*captures, after)}}};
  if (!*a || !*b) return comparison;
  // So that the two have nothing in common.
  const milliseconds span = std::clamp(((*b)->time - (*a)->time) / 2, kLeastFloorSpan, kFloorSpan);
  auto first = floors_at(reader, target, **a, span);
  if (!first) return first.error();
  auto second = floors_at(reader, target, **b, span);
  if (!second) return second.error();
  comparison.before.floors = std::move(*first);
  comparison.after.floors = std::move(*second);
  return comparison;
}

}  // namespace

int compare_times(const CompareArguments& args, WallTime before, WallTime after) {
  if (before >= after) {
    return report_error(invalid(fmt::format("A ({}) is not before B ({}): the earlier time first",
                                            format_local(before), format_local(after))));
  }
  const std::filesystem::path database = database_or_default(args.database);
  auto reader = SampleReader::open(database);
  if (!reader) return report_error(reader.error());
  const auto target = choose_target(*reader, args.target);
  if (!target) return report_error(target.error());
  const auto comparison = around_times(*reader, database, target->name, before, after);
  if (!comparison) return report_error(comparison.error());
  if (!comparison->before.floors && comparison->before.side.captures.empty()) {
    return report_error(not_found("no sample and no capture of '" + printable(target->name) + "'"));
  }
  return print(args, *comparison);
}

int compare_instances(const CompareArguments& args, InstanceId before, InstanceId after) {
  if (before == after) {
    return report_error(invalid(
        fmt::format("instance {} is on both sides; for what grew in it, give two times", before)));
  }
  const std::filesystem::path database = database_or_default(args.database);
  auto reader = SampleReader::open(database);
  if (!reader) return report_error(reader.error());
  const auto known = all_instances(*reader, args.target);
  if (!known) return report_error(known.error());
  auto first = side_of_instance(*reader, database, *known, before);
  if (!first) return report_error(first.error());
  auto second = side_of_instance(*reader, database, *known, after);
  if (!second) return report_error(second.error());
  return print(args, {SubjectSort::kInstance, std::move(*first), std::move(*second)});
}

}  // namespace soakwatch
