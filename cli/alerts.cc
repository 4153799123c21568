// soakwatch alerts [list | show ID]: what leaks, and why we say so.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "alerts/notifier.h"
#include "cli/alert_text.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "daemon/clock.h"
#include "model/alert_family.h"
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

// The alert as the notifiers' JSON, without the transition's own keys, and with its family.
boost::json::value json_of(const Alert& alert, const std::vector<Alert>& all) {
  boost::json::value value =
      boost::json::parse(to_json({alert, alert.state, alert.finding.since, ""}));
  boost::json::object& object = value.as_object();
  for (const char* key : {"from", "reason", "time"}) object.stable_erase(key);
  object["updated"] = format_utc(alert.updated);
  const Alert* root = explains(alert, all);
  object["root_id"] = root == nullptr ? boost::json::value() : boost::json::value(root->id);
  boost::json::array children;
  for (const Alert& other : all) {
    if (explains(other, all) == &alert) children.push_back(other.id);
  }
  object["children"] = std::move(children);
  return value;
}

void print_listed(const Alert& alert, std::size_t indent, WallTime now, bool color) {
  const std::string margin(indent, ' ');
  const Finding& f = alert.finding;
  std::printf("%s%lld  %s  %s  %s (pid %d)  %s\n", margin.c_str(), static_cast<long long>(alert.id),
              state_word(alert, color).c_str(), severity_word(alert, color).c_str(),
              printable(alert.target_name).c_str(), alert.pid, printable(f.summary, 400).c_str());
  const std::string limit = limit_text(alert, now);
  if (!f.cause.empty()) std::printf("%s    %s\n", margin.c_str(), printable(f.cause, 400).c_str());
  if (!f.culprits.empty()) {
    std::printf("%s    behind it: %s\n", margin.c_str(), to_string(f.culprits.front()).c_str());
  }
  std::printf("%s    since %s%s%s\n", margin.c_str(), format_local(f.since).c_str(),
              limit.empty() ? "" : "; ", limit.c_str());
}

int list(const AlertsArguments& args) {
  auto reader = SampleReader::open(database_or_default(args.database));
  if (!reader) return report_error(reader.error());
  auto alerts = reader->alerts(!args.all, kMaxListed);
  if (!alerts) return report_error(alerts.error());
  if (args.json) {
    boost::json::array rows;
    for (const Alert& alert : *alerts) rows.push_back(json_of(alert, *alerts));
    std::printf("%s\n", boost::json::serialize(rows).c_str());
    return kExitDone;
  }
  const bool color = wants_color(Stream::kOut);
  const WallTime now = read_clocks().wall;
  for (const AlertFamily& family : families_of(*alerts)) {
    print_listed(*family.root, 0, now, color);
    for (const Alert* child : family.children) print_listed(*child, 4, now, color);
  }
  if (alerts->empty()) std::printf(args.all ? "no alerts\n" : "no open alerts (all: --all)\n");
  return kExitDone;
}

void print_row(const char* label, const std::string& text) {
  std::printf("  %-12s %s\n", label, text.c_str());
}

std::string grade_text(const Alert& alert) {
  if (is_suspicion(alert)) return "suspicion: it waits for more of the series and tells nobody";
  if (alert.told) return "alert";
  if (alert.fired_at) return "alert, told of by the one that explains it";
  return "alert, waits until it has held for as long as the configuration asks";
}

void print_figures(const Alert& alert, WallTime now) {
  const Finding& f = alert.finding;
  print_row("target", printable(alert.target_name) + " (pid " + std::to_string(alert.pid) + ")");
  print_row("what", std::string(describe(f.metric).name) + ", found by " + printable(f.detector) +
                        (f.is_leak ? "" : "; no leak: worth a look, but nothing is lost for good"));
  if (!f.is_leak) print_row("summary", printable(f.summary, 400));
  if (!f.cause.empty()) print_row("cause", printable(f.cause, 400));
  print_row("grade", grade_text(alert));
  if (f.is_leak) {
    print_row("grew", "from " + format_value(f.metric, f.base) + " to " +
                          format_value(f.metric, f.current) + " (" + (f.growth() >= 0 ? "+" : "") +
                          format_value(f.metric, f.growth()) + ")");
    print_row("pace", format_rate(f.metric, f.slope_per_hour) + ", 95 % interval " +
                          format_rate(f.metric, f.slope_low) + " to " +
                          format_rate(f.metric, f.slope_high));
  }
  print_row("since", format_local(f.since) + ", " + format_duration(now - f.since) +
                         " ago; judged over " + format_duration(f.span));
  if (const std::string limit = limit_text(alert, now); !limit.empty()) print_row("limit", limit);
}

void print_family(const Alert& alert, const std::vector<Alert>& all) {
  const auto named = [](const Alert& other) {
    return "alert " + std::to_string(other.id) + ", " + printable(other.finding.detector) + ", " +
           state_word(other, false);
  };
  if (const Alert* root = explains(alert, all)) print_row("explained by", named(*root));
  for (const Alert& other : all) {
    if (explains(other, all) == &alert) print_row("explains", named(other));
  }
}

void print_culprits(const Finding& f) {
  if (!f.culprits.empty()) std::printf("  who grows\n");
  for (const Culprit& culprit : f.culprits) std::printf("    %s\n", to_string(culprit).c_str());
  if (!f.probe.empty()) print_row("probe", printable(f.probe, 400));
  if (f.culprits.empty() || f.culprits.front().stack.empty()) return;
  std::printf("  stack of the first\n");
  for (const std::string& frame : f.culprits.front().stack) {
    std::printf("    %s\n", printable(frame, 400).c_str());
  }
}

void print_reasons(const Finding& f) {
  if (!f.gates.empty()) std::printf("  judged by\n");
  for (const Gate& gate : f.gates) std::printf("    %s\n", gate_text(f.metric, gate).c_str());
  if (!f.ruled_out.empty()) std::printf("  ruled out\n");
  for (const std::string& cause : f.ruled_out) {
    std::printf("    %s\n", printable(cause, 400).c_str());
  }
}

void print_history(const std::vector<AlertTransition>& history) {
  std::printf("  history\n");
  for (const AlertTransition& step : history) {
    // News of an alert that fires already changes no state.
    std::string states(to_string(step.alert.state));
    if (step.from != step.alert.state)
      states = std::string(to_string(step.from)).append(" -> ").append(states);
    std::printf("    %s  %s%s%s\n", format_local(step.time).c_str(), states.c_str(),
                step.reason.empty() ? "" : ": ", printable(step.reason, 400).c_str());
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
  auto all = reader->alerts(false, kMaxListed);
  if (!all) return report_error(all.error());
  const auto is_it = [&](const Alert& other) { return other.id == args.id; };
  if (std::none_of(all->begin(), all->end(), is_it)) all->push_back(**alert);
  const Alert& shown = *std::find_if(all->begin(), all->end(), is_it);
  if (!args.json) {
    const bool color = wants_color(Stream::kOut);
    std::printf("alert %lld  %s  %s\n", static_cast<long long>(shown.id),
                state_word(shown, color).c_str(), severity_word(shown, color).c_str());
    print_figures(shown, read_clocks().wall);
    print_family(shown, *all);
    print_culprits(shown.finding);
    print_reasons(shown.finding);
    print_history(*history);
    return kExitDone;
  }
  boost::json::value value = json_of(shown, *all);
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
  CLI::App* list_command = command->add_subcommand(
      "list", "Suspicions, pending and firing alerts, and plateaus (the default)");
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
