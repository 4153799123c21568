// soakwatch alerts [list | show ID]: what leaks, and why we say so.
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "alerts/notifier.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "model/printable.h"
#include "storage/sample_reader.h"

namespace soakwatch {
namespace {

struct AlertsArguments {
  std::optional<std::filesystem::path> database;
  bool json = false;
  bool all = false;
  std::int64_t id = 0;
};

constexpr std::size_t kMaxListed = 1000;

// The alert as the notifiers' JSON, without the transition's own keys.
boost::json::value json_of(const Alert& alert) {
  boost::json::value value =
      boost::json::parse(to_json({alert, alert.state, alert.finding.since, ""}));
  for (const char* key : {"from", "reason", "time"}) value.as_object().erase(key);
  return value;
}

std::string state_text(const Alert& alert, bool color) {
  const std::string state(to_string(alert.state));
  return alert.state == AlertState::kFiring ? red(state, color) : state;
}

int list(const AlertsArguments& args) {
  auto reader = SampleReader::open(database_or_default(args.database));
  if (!reader) return report_error(reader.error());
  auto alerts = reader->alerts(!args.all, kMaxListed);
  if (!alerts) return report_error(alerts.error());
  if (args.json) {
    boost::json::array rows;
    for (const Alert& alert : *alerts) rows.push_back(json_of(alert));
    std::printf("%s\n", boost::json::serialize(rows).c_str());
    return kExitDone;
  }
  const bool color = wants_color(Stream::kOut);
  for (const Alert& alert : *alerts) {
    std::printf("%lld  %s  %s (pid %d)  %s\n    since %s\n", static_cast<long long>(alert.id),
                state_text(alert, color).c_str(), printable(alert.target_name).c_str(), alert.pid,
                printable(alert.finding.summary, 400).c_str(),
                format_local(alert.finding.since).c_str());
  }
  if (alerts->empty()) std::printf(args.all ? "no alerts\n" : "no open alerts (all: --all)\n");
  return kExitDone;
}

void print_alert(const Alert& alert, const std::vector<AlertTransition>& history) {
  const bool color = wants_color(Stream::kOut);
  const Finding& f = alert.finding;
  std::printf("alert %lld  %s  %s\n", static_cast<long long>(alert.id),
              state_text(alert, color).c_str(), std::string(to_string(f.severity)).c_str());
  std::printf("  target    %s (pid %d)\n", printable(alert.target_name).c_str(), alert.pid);
  std::printf("  what      %s, found by %s\n", std::string(describe(f.metric).name).c_str(),
              printable(f.detector).c_str());
  std::printf("  grew      from %s to %s (%s%s)\n", format_value(f.metric, f.base).c_str(),
              format_value(f.metric, f.current).c_str(), f.growth() >= 0 ? "+" : "",
              format_value(f.metric, f.growth()).c_str());
  std::printf(
      "  pace      %s, 95 %% interval %s to %s\n", format_rate(f.metric, f.slope_per_hour).c_str(),
      format_rate(f.metric, f.slope_low).c_str(), format_rate(f.metric, f.slope_high).c_str());
  std::printf("  since     %s, judged over %s\n", format_local(f.since).c_str(),
              format_duration(f.span).c_str());
  std::printf("  judged by\n");
  for (const Gate& gate : f.gates) {
    std::printf("    %-14s %-6s %.6g against %.6g: %s\n", printable(gate.name).c_str(),
                gate.passed ? "passed" : "failed", gate.measured, gate.threshold,
                printable(gate.meaning).c_str());
  }
  std::printf("  history\n");
  for (const AlertTransition& step : history) {
    std::printf("    %s  %s -> %s%s%s\n", format_local(step.time).c_str(),
                std::string(to_string(step.from)).c_str(),
                std::string(to_string(step.alert.state)).c_str(), step.reason.empty() ? "" : ": ",
                printable(step.reason).c_str());
  }
}

int show(const AlertsArguments& args) {
  auto reader = SampleReader::open(database_or_default(args.database));
  if (!reader) return report_error(reader.error());
  auto alert = reader->alert(args.id);
  if (!alert) return report_error(alert.error());
  if (!*alert) return report_error(not_found("no alert " + std::to_string(args.id)));
  auto history = reader->alert_history(args.id);
  if (!history) return report_error(history.error());
  if (!args.json) {
    print_alert(**alert, *history);
    return kExitDone;
  }
  boost::json::value value = json_of(**alert);
  boost::json::array steps;
  for (const AlertTransition& step : *history) steps.push_back(boost::json::parse(to_json(step)));
  value.as_object()["history"] = std::move(steps);
  std::printf("%s\n", boost::json::serialize(value).c_str());
  return kExitDone;
}

}  // namespace

void add_alerts_command(CLI::App& app, int& status) {
  auto args = std::make_shared<AlertsArguments>();
  CLI::App* command =
      app.add_subcommand("alerts", "What leaks: list the alerts, or show one with its reasons");
  const auto add_common = [args](CLI::App& to) {
    add_database_option(to, args->database);
    to.add_flag("--json", args->json, "JSON");
  };
  add_common(*command);
  command->add_flag("--all", args->all, "Resolved ones as well");
  CLI::App* list_command =
      command->add_subcommand("list", "Pending and firing alerts (the default)");
  add_common(*list_command);
  list_command->add_flag("--all", args->all, "Resolved ones as well");
  CLI::App* show_command = command->add_subcommand("show", "One alert: figures, gates, history");
  add_common(*show_command);
  show_command->add_option("id", args->id, "Number of the alert")->required()->type_name("ID");
  command->callback([args, show_command, &status] {
    status = show_command->parsed() ? show(*args) : list(*args);
  });
}

}  // namespace soakwatch
