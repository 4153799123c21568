// What leaks, who is behind it, and what to do about it.
#include <fmt/format.h>

#include <algorithm>

#include "model/alert_words.h"
#include "model/printable.h"
#include "report/compose.h"
#include "report/words.h"

namespace soakwatch {
namespace {

using Table::Form::kNumber;
using Table::Form::kWord;

constexpr std::size_t kMostIssues = 50;
constexpr std::size_t kMostCulprits = 10;
constexpr std::size_t kMostFramesOfIssue = 30;
constexpr std::size_t kMostSteps = 50;

std::string state_text(const Alert& alert) {
  return is_suspicion(alert) ? "suspicion" : std::string(to_string(alert.state));
}

Text impact_text(const ReportData& data, const Alert& alert) {
  const Finding& f = alert.finding;
  Text text;
  text.plain(fmt::format("{} to ", format_value(f.metric, f.base)))
      .strong(format_value(f.metric, f.current))
      .plain(" by " + short_time_text(data, alert.updated) + ", ")
      .strong(format_rate(f.metric, f.slope_per_hour));
  text.plain(fmt::format(" (95 % interval {} to {})", format_rate(f.metric, f.slope_low),
                         format_rate(f.metric, f.slope_high)));
  return text;
}

Text since_text(const ReportData& data, const Alert& alert) {
  std::string text = time_text(data, alert.finding.since);
  if (alert.fired_at) text += "; the alert fired at " + short_time_text(data, *alert.fired_at);
  if (alert.resolved_at)
    text += ", and it was over at " + short_time_text(data, *alert.resolved_at);
  return text;
}

Text child_text(const Alert& alert) {
  const Finding& f = alert.finding;
  std::string text = subject_of(f) + ", " + format_rate(f.metric, f.slope_per_hour);
  if (!f.cause.empty()) text += ": " + f.cause;
  return text + fmt::format(" (alert {}, {})", alert.id, state_text(alert));
}

Facts facts_of(const ReportData& data, const ReportAlert& one) {
  const Alert& alert = one.alert;
  const Finding& f = alert.finding;
  Facts facts;
  const auto add = [&](const char* label, Text value) {
    if (!value.empty()) facts.facts.push_back({label, std::move(value)});
  };
  add("Impact", f.is_leak ? impact_text(data, alert) : Text(f.summary));
  add("Since", since_text(data, alert));
  const std::string limit = limit_text(alert, data.last);
  add("Limit", limit.empty() ? Text() : Text().strong(limit));
  add("Likely cause", f.cause);
  add("Look inside", f.probe);
  std::size_t number = 0;
  for (const ReportAlert& other : data.alerts) {
    if (other.root == alert.id) add(number++ == 0 ? "Explains" : "", child_text(other.alert));
  }
  number = 0;
  for (const std::string& cause : f.ruled_out) add(number++ == 0 ? "Ruled out" : "", cause);
  Text process(fmt::format("pid {}", alert.pid));
  if (const ReportInstance* instance = find_instance(data, alert.instance);
      instance != nullptr && instance->row.ended) {
    process.plain(", ended " + short_time_text(data, *instance->row.ended));
  }
  add("Process", std::move(process));
  return facts;
}

Table culprits_table(const std::vector<Culprit>& culprits) {
  Table table{
      {{"Who"}, {"Where"}, {"State"}, {"Before", kNumber}, {"Now", kNumber}, {"Share", kNumber}},
      {}};
  for (const Culprit& culprit : culprits) {
    if (table.rows.size() == kMostCulprits) break;
    table.rows.push_back({Text().code(culprit.name), Text().code(culprit.location), culprit.state,
                          amount_text(culprit, culprit.before), amount_text(culprit, culprit.now),
                          format_amount(Unit::kRatio, culprit.share)});
  }
  return table;
}

Fold gates_fold(const Finding& f) {
  Table table{{{"Condition"}, {""}, {"Measured", kNumber}, {"Needed", kNumber}, {"What it means"}},
              {}};
  std::size_t held = 0;
  for (const Gate& gate : f.gates) {
    const GateWords words = gate_words(f.metric, gate);
    held += gate.passed ? 1 : 0;
    table.rows.push_back({Text().code(gate.name), gate.passed ? "held" : "did not hold",
                          words.measured, words.comparison + " " + words.threshold, words.meaning});
  }
  return {fmt::format("Evidence: {} of {} conditions held", held, f.gates.size()),
          {{std::move(table)}}};
}

Fold history_fold(const ReportData& data, const ReportAlert& one) {
  Table table{{{"Time", kWord}, {"State"}, {"Why"}}, {}};
  const std::size_t all = one.history.size();
  for (std::size_t i = all > kMostSteps ? all - kMostSteps : 0; i < all; ++i) {
    const AlertTransition& step = one.history[i];
    table.rows.push_back({Text(short_time_text(data, step.time)),
                          std::string(to_string(step.alert.state)), step.reason});
  }
  return {fmt::format("History of alert {}", one.alert.id), {{std::move(table)}}};
}

Issue issue_of(const ReportData& data, const ReportAlert& one) {
  const Alert& alert = one.alert;
  const Finding& f = alert.finding;
  Issue issue;
  issue.anchor = fmt::format("alert-{}", alert.id);
  issue.severity = to_string(f.severity);
  issue.state = state_text(alert);
  issue.title =
      f.is_leak ? subject_of(f) + " " + format_rate(f.metric, f.slope_per_hour) : subject_of(f);
  const Culprit* first = f.culprits.empty() ? nullptr : &f.culprits.front();
  if (first != nullptr) issue.open.code(culprit_text(*first));
  issue.blocks.push_back({facts_of(data, one)});
  if (first != nullptr && !first->stack.empty()) {
    Code code{Text(fmt::format("Stack of the first of them, {} of the growth",
                               format_amount(Unit::kRatio, first->share))),
              first->stack};
    if (code.lines.size() > kMostFramesOfIssue) {
      code.lines.resize(kMostFramesOfIssue);
      code.lines.emplace_back("...");
    }
    issue.blocks.push_back({std::move(code)});
  }
  if (!f.culprits.empty()) issue.blocks.push_back({culprits_table(f.culprits)});
  if (!f.gates.empty()) issue.blocks.push_back({gates_fold(f)});
  if (!one.history.empty()) issue.blocks.push_back({history_fold(data, one)});
  return issue;
}

// What a look at the metric needs.
CaptureKind capture_for(Metric metric) {
  switch (metric) {
    case Metric::kGoroutines:
    case Metric::kStackInuseBytes:
    case Metric::kThreads:
      return CaptureKind::kGoroutine;
    case Metric::kOpenFds:
      return CaptureKind::kFds;
    case Metric::kCpuSecondsTotal:
    case Metric::kGcCpuFraction:
      return CaptureKind::kCpu;
    default:
      return CaptureKind::kHeap;
  }
}

// That `go tool pprof` opens.
bool opens_in_go_pprof(CaptureKind kind) {
  return kind != CaptureKind::kFds && kind != CaptureKind::kMappings && kind != CaptureKind::kTrace;
}

struct Pair {
  const Capture* before = nullptr;
  const Capture* after = nullptr;
};

// The oldest and the newest capture of a process.
Pair capture_pair(const ReportData& data, CaptureKind kind, InstanceId instance) {
  Pair pair;
  for (const Capture& capture : data.captures) {
    if (capture.kind != kind || capture.instance != instance) continue;
    if (pair.before == nullptr || capture.time < pair.before->time) pair.before = &capture;
    if (pair.after == nullptr || capture.time > pair.after->time) pair.after = &capture;
  }
  if (pair.before == pair.after) return {};
  return pair;
}

std::string path_of(const ReportData& data, const Capture& capture) {
  if (data.captures_folder.empty()) return shell_word(capture.file);
  return shell_word(data.captures_folder + "/" + capture.file);
}

void add_capture_commands(const ReportData& data, const Alert& alert, std::vector<Block>& blocks) {
  const CaptureKind kind = capture_for(alert.finding.metric);
  const Pair pair = capture_pair(data, kind, alert.instance);
  const std::string word(to_string(kind));
  Code code{Text(fmt::format("What grew between two captures ({}):", word)), {}};
  if (pair.before != nullptr) {
    const std::string files = path_of(data, *pair.before) + " " + path_of(data, *pair.after);
    code.lines.push_back("soakwatch compare " + files);
    if (opens_in_go_pprof(kind)) code.lines.push_back("go tool pprof -base " + files);
  } else {
    const ReportInstance* instance = find_instance(data, alert.instance);
    if (instance == nullptr || instance->row.ended || alert.pid <= 0) return;
    const std::string capture = fmt::format("soakwatch capture pid:{} {} -o ", alert.pid, word);
    code.what = Text("Nothing was captured. While the process runs, look twice and compare:");
    const std::string ending = opens_in_go_pprof(kind) ? "pb.gz" : "txt";
    code.lines = {fmt::format("{}{}-1.{}", capture, word, ending),
                  fmt::format("{}{}-2.{}", capture, word, ending),
                  fmt::format("soakwatch compare {0}-1.{1} {0}-2.{1}", word, ending)};
  }
  blocks.push_back({std::move(code)});
}

}  // namespace

Section issues_section(const ReportData& data) {
  Section section{"issues", "Issues", {}};
  for (const ReportAlert& one : data.alerts) {
    if (one.root) continue;
    if (section.blocks.size() == kMostIssues) {
      section.blocks.push_back(
          {Paragraph{"There are more; soakwatch alerts --all lists them.", true}});
      break;
    }
    section.blocks.push_back({issue_of(data, one)});
  }
  return section;
}

Section next_steps_section(const ReportData& data) {
  Section section{"next", "Next steps", {}};
  constexpr std::size_t kMostPlaces = 3;
  BulletList places;
  std::vector<CaptureKind> kinds;
  std::vector<Block> commands;
  const std::string db = data.database.empty() ? "" : " --db " + shell_word(data.database);
  Code more{"Why an alert fired, and the figures for a spreadsheet:", {}};
  for (const ReportAlert& one : data.alerts) {
    if (one.root || !one.alert.finding.is_leak) continue;
    const Finding& f = one.alert.finding;
    if (!f.culprits.empty() && places.items.size() < kMostPlaces) {
      Text item("Open ");
      item.code(culprit_text(f.culprits.front()))
          .plain(": " + subject_of(f) + ", " + format_rate(f.metric, f.slope_per_hour));
      places.items.push_back(std::move(item));
    }
    const CaptureKind kind = capture_for(f.metric);
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) continue;
    kinds.push_back(kind);
    add_capture_commands(data, one.alert, commands);
    more.lines.push_back(fmt::format("soakwatch alerts show {}{}", one.alert.id, db));
  }
  if (!places.items.empty()) section.blocks.push_back({std::move(places)});
  for (Block& command : commands) section.blocks.push_back(std::move(command));
  if (data.samples == 0) return section;
  if (more.lines.empty()) more.what = Text("The figures for a spreadsheet:");
  more.lines.push_back(
      fmt::format("soakwatch export --target {} --since {} --preset spreadsheet -o soak.csv{}",
                  shell_word(data.target.name), format_utc(data.first), db));
  section.blocks.push_back({std::move(more)});
  if (!data.others.empty()) {
    BulletList others;
    for (const OtherTarget& other : data.others) {
      if (others.items.size() == kMostIssues) break;
      Text item("Also in this database: ");
      item.code(other.name)
          .plain(fmt::format(", {} open alert{}", other.open_alerts,
                             other.open_alerts == 1 ? "" : "s"));
      others.items.push_back(std::move(item));
    }
    section.blocks.push_back({std::move(others)});
  }
  return section;
}

}  // namespace soakwatch
