// junit.xml: the form that CI servers read. A leak is a <failure>, a target that failed or was lost
// an <error>, what could not be judged <skipped>.
#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "cli/analyze/verdict.h"
#include "cli/soak/soak_report.h"
#include "model/markup.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

using How = SoakEnding::How;
using SignalState = JudgedSignal::State;

// XML 1.0 has no way to write control characters.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : printable_lines(text)) append_markup(out, c);
  return out;
}

struct Case {
  std::string name;
  std::string element;  // "failure", "error", "skipped"; empty: it passed
  std::string type;
  std::string message;
  std::string output;
};

std::string case_xml(const Case& one, const std::string& class_name, double duration) {
  std::string out = fmt::format(R"(    <testcase classname="{}" name="{}" time="{:.3f}")",
                                escaped(class_name), escaped(one.name), duration);
  if (one.element.empty() && one.output.empty()) return out + "/>\n";
  out += ">\n";
  if (!one.element.empty()) {
    const std::string type =
        one.type.empty() ? "" : fmt::format(R"( type="{}")", escaped(one.type));
    out += fmt::format("      <{}{} message=\"{}\"/>\n", one.element, type, escaped(one.message));
  }
  if (!one.output.empty())
    out += fmt::format("      <system-out>{}</system-out>\n", escaped(one.output));
  return out + "    </testcase>\n";
}

// The run itself: whether the target was there, and well, to the end.
Case run_case(const SoakReport& report) {
  Case one{report.command.empty() ? "target" : "command", {}, {}, report.ending.words, {}};
  switch (report.ending.how) {
    case How::kTimeUp:
      return one;
    case How::kInterrupted:
      one.element = "skipped";
      return one;
    case How::kTargetLost:
    case How::kCommandEnded:
    case How::kNotStarted:
      break;
  }
  one.element = "error";
  one.type = command_failed(report) ? "command_failed" : to_string(report.ending.how);
  one.output = report.last_output;
  return one;
}

Case detector_case(const JudgedSignal& signal) {
  Case one{fmt::format("{} ({})", describe(signal.metric).name, signal.detector),
           {},
           {},
           signal.words,
           {}};
  if (signal.state == SignalState::kLeak) {
    one.element = "failure";
    one.type = "leak";
  } else if (signal.state != SignalState::kClean) {
    one.element = "skipped";
  }
  if (signal.detectable) {
    one.output =
        fmt::format("smallest detectable growth: {}, found in {:.0f} % of all cases",
                    format_rate(signal.metric, *signal.detectable), 100 * signal.confidence);
  }
  return one;
}

// What the schema wants besides: "2026-11-20T08:40:00" and the name of a machine.
std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace

std::string junit_xml(const SoakReport& report) {
  std::vector<Case> cases{run_case(report)};
  for (const JudgedSignal& signal : report.judgement.signals)
    cases.push_back(detector_case(signal));
  const auto count = [&](std::string_view element) {
    return std::count_if(cases.begin(), cases.end(),
                         [element](const Case& one) { return one.element == element; });
  };
  const double duration = to_seconds(report.ending.watched);
  const std::string numbers =
      fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="{}" time="{:.3f}")",
                  cases.size(), count("failure"), count("error"), count("skipped"), duration);
  std::string utc = format_utc(report.began);
  utc.resize(std::min<std::size_t>(utc.size(), 19));
  const std::string name = escaped("soak of " + report.target);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out +=
      fmt::format("<testsuites>\n  <testsuite name=\"{}\" {} timestamp=\"{}\" hostname=\"{}\">\n",
                  name, numbers, utc, escaped(host_name()));
  out += "    <properties>\n";
  const auto property = [&](const char* key, const std::string& value) {
    out += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", key, escaped(value));
  };
  property("verdict", std::string(to_string(report.judgement.verdict)));
  property("exit_status", std::to_string(report.judgement.exit_status));
  property("spec", report.spec);
  property("program", "soakwatch " SOAKWATCH_VERSION);
  out += "    </properties>\n";
  for (const Case& one : cases) out += case_xml(one, "soakwatch." + report.target, duration);
  std::string words =
      fmt::format("{}: {}", to_string(report.judgement.verdict), report.judgement.reason);
  for (const std::string& note : report.notes) words += "; " + note;
  out += fmt::format("    <system-out>{}</system-out>\n    <system-err/>\n", escaped(words));
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace soakwatch
