// soakwatch status: what is watched, and how it does.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <utility>

#include "cli/alert_text.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "daemon/clock.h"
#include "model/alert_family.h"
#include "model/printable.h"
#include "model/target.h"
#include "storage/sample_reader.h"

namespace soakwatch {
namespace {

struct TargetStatus {
  TargetRow target;
  std::optional<InstanceRow> instance;  // the newest
  std::size_t instances = 0;
  std::optional<Sample> latest;
  std::vector<Alert> alerts;  // open ones
};

// One that runs is newer than one that has ended, also where the wall clock was set back between.
bool is_newer(const InstanceRow& a, const InstanceRow& b) {
  if (a.ended.has_value() != b.ended.has_value()) return !a.ended;
  return a.first_seen >= b.first_seen;
}

Result<std::vector<TargetStatus>> collect(SampleReader& reader) {
  auto targets = reader.targets();
  if (!targets) return targets.error();
  auto alerts = reader.alerts(true, 1000);
  if (!alerts) return alerts.error();
  std::vector<TargetStatus> all;
  for (const TargetRow& row : *targets) {
    TargetStatus status{row, {}, 0, {}, {}};
    auto instances = reader.instances(row.id);
    if (!instances) return instances.error();
    status.instances = instances->size();
    for (const InstanceRow& instance : *instances) {
      if (!status.instance || is_newer(instance, *status.instance)) status.instance = instance;
    }
    if (status.instance) {
      auto latest = reader.latest(status.instance->id);
      if (!latest) return latest.error();
      status.latest = *latest;
    }
    for (const Alert& alert : *alerts) {
      if (alert.target == row.id) status.alerts.push_back(alert);
    }
    all.push_back(std::move(status));
  }
  return all;
}

// Of a lock file by an older program nothing but the pid is known.
bool is_daemon(const WriterState& writer) {
  return writer.running && (writer.program.empty() || writer.program == "soakwatchd");
}

bool is_imported(const InstanceRow& instance) {
  return instance.process.id.boot_id == kImportedBootId;
}

boost::json::object json_of(const DaemonStats& stats) {
  boost::json::object row{{"time", format_utc(stats.time)}, {"pid", stats.pid}};
  for (const auto& figure : all_daemon_figures()) {
    const auto value = stats.get(figure.id);
    if (!value) continue;
    if (figure.integral) {
      row[figure.name] = static_cast<std::int64_t>(*value);
    } else {
      row[figure.name] = *value;
    }
  }
  return row;
}

std::string json_text(const std::vector<TargetStatus>& all, const WriterState& writer,
                      const std::optional<DaemonStats>& stats) {
  boost::json::array targets;
  for (const TargetStatus& s : all) {
    boost::json::object row{
        {"target", printable(s.target.name)},
        {"spec", printable(s.target.spec)},
        {"instances", s.instances},
        {"open_alerts", s.alerts.size()},
        {"suspicions", std::count_if(s.alerts.begin(), s.alerts.end(), is_suspicion)}};
    if (s.instance) {
      const int pid = s.instance->process.id.pid;
      row["imported"] = is_imported(*s.instance);
      if (pid > 0) row["pid"] = pid;
      row["command"] = printable(s.instance->process.cmdline, 4096);
      row["first_seen"] = format_utc(s.instance->first_seen);
      if (s.instance->ended) row["ended"] = format_utc(*s.instance->ended);
    }
    if (s.latest) {
      row["last_sample"] = format_utc(s.latest->time);
      for (const MetricDescriptor& metric : all_metrics()) {
        const auto value = s.latest->values.get(metric.id);
        if (!value) continue;
        if (is_integral(metric.id)) {
          row[metric.name] = static_cast<std::int64_t>(*value);
        } else {
          row[metric.name] = *value;
        }
      }
    }
    targets.push_back(std::move(row));
  }
  boost::json::object root{{"daemon_running", is_daemon(writer)}, {"targets", std::move(targets)}};
  if (is_daemon(writer) && writer.pid > 0) root["daemon_pid"] = writer.pid;
  if (stats) root["daemon"] = json_of(*stats);
  if (writer.running && !is_daemon(writer)) {
    root["writer"] = printable(writer.program);
    if (writer.pid > 0) root["writer_pid"] = writer.pid;
  }
  return boost::json::serialize(root);
}

// A line for each alert; suspicions and what another alert explains in few words.
void print_family(const AlertFamily& family, WallTime now, bool color) {
  const Alert& root = *family.root;
  const std::string number = "alert " + std::to_string(root.id);
  if (is_suspicion(root)) {
    const std::string line = "suspicion: " + std::string(describe(root.finding.metric).name) +
                             " since " + format_local(root.finding.since) + " (" + number + ")";
    std::printf("  %s\n", dim(line, color).c_str());
  } else {
    const std::string limit = limit_text(root, now);
    const std::string line = number + " " + std::string(to_string(root.state)) + ", " +
                             std::string(to_string(root.finding.severity)) + ": " +
                             printable(root.finding.summary, 400) +
                             (limit.empty() ? "" : "; " + limit);
    std::printf("  %s\n", (root.state == AlertState::kFiring ? red(line, color) : line).c_str());
  }
  for (const Alert* child : family.children) {
    std::printf("    explains alert %lld: %s\n", static_cast<long long>(child->id),
                std::string(describe(child->finding.metric).name).c_str());
  }
}

void print_target(const TargetStatus& s, WallTime now, bool color) {
  const bool self = s.target.name == kSelfTargetName && s.target.spec.starts_with("command:");
  std::string line = bold(printable(s.target.name), color) + "  " +
                     dim(self ? "the daemon's own process" : printable(s.target.spec), color);
  std::printf("%s\n", line.c_str());
  if (!s.instance) {
    std::printf("  not seen yet\n");
    return;
  }
  const InstanceRow& instance = *s.instance;
  const std::string pid = "pid " + std::to_string(instance.process.id.pid);
  if (is_imported(instance)) {
    // The reason names the file; without one the import was cut short.
    std::printf(
        "  %s%s\n",
        instance.end_reason.empty() ? "imported in part" : printable(instance.end_reason).c_str(),
        instance.process.id.pid > 0 ? (", " + pid).c_str() : "");
  } else if (instance.ended) {
    std::printf("  %s ended %s ago: %s\n", pid.c_str(),
                format_duration(now - *instance.ended).c_str(),
                printable(instance.end_reason).c_str());
  } else {
    std::printf("  %s, watched for %s%s\n", pid.c_str(),
                format_duration(now - instance.first_seen).c_str(),
                s.instances > 1 ? (", instance " + std::to_string(s.instances)).c_str() : "");
  }
  if (s.latest) {
    std::string values;
    for (const Metric metric : {Metric::kRssBytes, Metric::kOpenFds, Metric::kThreads,
                                Metric::kGoroutines, Metric::kHeapAllocBytes}) {
      const auto value = s.latest->values.get(metric);
      if (!value) continue;
      std::string name(describe(metric).name);
      if (const auto unit = name.find("_bytes"); unit != std::string::npos) name.erase(unit);
      values += "  " + name + " " + format_value(metric, *value);
    }
    std::printf("  %s ago:%s\n", format_duration(now - s.latest->time).c_str(), values.c_str());
  }
  for (const AlertFamily& family : families_of(s.alerts)) print_family(family, now, color);
}

// What the daemon that runs said of itself last; what an earlier one said is history.
void print_daemon(const DaemonStats& stats, WallTime now, bool color) {
  std::printf("  %s ago:\n", format_duration(now - stats.time).c_str());
  const bool throttled = stats.get(DaemonFigure::kThrottleLevel).value_or(0) > 0 ||
                         stats.get(DaemonFigure::kShortOfMemory).value_or(0) > 0;
  bool first = true;
  for (const std::string& line : describe(stats)) {
    const bool loud = throttled && std::exchange(first, false);
    std::printf("    %s\n", (loud ? red(line, color) : line).c_str());
  }
}

int status_of(const std::filesystem::path& database, bool json) {
  auto reader = SampleReader::open(database);
  if (!reader) return report_error(reader.error());
  auto all = collect(*reader);
  if (!all) return report_error(all.error());
  const auto stats = reader->daemon_stats();
  if (!stats) return report_error(stats.error());
  const WriterState writer = writer_state(database);
  if (json) {
    std::printf("%s\n", json_text(*all, writer, *stats).c_str());
    return kExitDone;
  }
  if (writer.running && !is_daemon(writer)) {
    std::printf("%s (pid %d) writes this database, %s\n", printable(writer.program).c_str(),
                writer.pid, database.c_str());
  } else if (writer.running) {
    std::printf("soakwatchd runs (pid %d), database %s\n", writer.pid, database.c_str());
  } else {
    std::printf("soakwatchd does not run on %s\n", database.c_str());
  }
  const bool color = wants_color(Stream::kOut);
  const WallTime now = read_clocks().wall;
  if (is_daemon(writer) && *stats && (*stats)->pid == writer.pid) print_daemon(**stats, now, color);
  for (const TargetStatus& status : *all) print_target(status, now, color);
  if (all->empty()) std::printf("no target yet\n");
  return kExitDone;
}

}  // namespace

void add_status_command(CLI::App& app, int& status) {
  struct Arguments {
    std::optional<std::filesystem::path> database;
    bool json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("status", "What is watched, how it does, and whether the daemon runs");
  add_database_option(*command, args->database);
  command->add_flag("--json", args->json, "One JSON object");
  command->callback(
      [args, &status] { status = status_of(database_or_default(args->database), args->json); });
}

}  // namespace soakwatch
