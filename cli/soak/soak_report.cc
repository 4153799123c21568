#include "cli/soak/soak_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cli/alert_text.h"
#include "cli/analyze/analysis_output.h"
#include "cli/analyze/verdict.h"
#include "cli/output_file.h"
#include "cli/terminal.h"
#include "model/alert_family.h"
#include "model/printable.h"
#include "report/host_facts.h"
#include "report/report_html.h"
#include "report/report_markdown.h"

namespace soakwatch {
namespace {

namespace json = boost::json;

constexpr std::size_t kTextLimitBytes = 4096;
constexpr std::size_t kMostFamilies = 20;

json::string json_text(const std::string& value) {
  return json::string(printable(value, kTextLimitBytes));
}

json::value command_of(const SoakReport& report) {
  if (report.command.empty()) return nullptr;
  json::array argv;
  for (const std::string& word : report.command) argv.emplace_back(json_text(word));
  json::object object{{"argv", std::move(argv)}, {"failed", command_failed(report)}};
  if (report.command_end) {
    const CommandEnd& end = *report.command_end;
    object["end"] = json_text(end.words);
    object["ended_by_soakwatch"] = end.by_us;
    object["status"] = end.status ? json::value(*end.status) : json::value(nullptr);
    object["signal"] = end.signal ? json::value(*end.signal) : json::value(nullptr);
  }
  if (!report.last_output.empty()) object["last_output"] = printable_lines(report.last_output);
  return object;
}

json::array detectors_of(const SoakJudgement& judgement) {
  json::array detectors;
  for (const JudgedSignal& signal : judgement.signals) {
    detectors.emplace_back(json::object{
        {"detector", signal.detector},
        {"metric", describe(signal.metric).name},
        {"state", to_string(signal.state)},
        {"words", json_text(signal.words)},
        {"smallest_detectable_slope",
         signal.detectable ? json::value(*signal.detectable) : json::value(nullptr)},
        {"confidence", signal.detectable ? json::value(signal.confidence) : json::value(nullptr)}});
  }
  return detectors;
}

std::string word_of(JudgedSignal::State state) {
  std::string word(to_string(state));
  std::replace(word.begin(), word.end(), '_', ' ');
  return word;
}

std::string detectors_text(const SoakJudgement& judgement) {
  std::string out;
  for (const JudgedSignal& signal : judgement.signals) {
    const std::string seen =
        signal.detectable
            ? "a leak is seen from " + format_rate(signal.metric, *signal.detectable) + " on"
            : signal.words;
    const bool found =
        signal.state == JudgedSignal::State::kLeak || signal.state == JudgedSignal::State::kSuspect;
    out += fmt::format("  {:<22}{:<12}{}\n", signal.detector, word_of(signal.state),
                       printable(found ? signal.words : seen, kTextLimitBytes));
  }
  return out;
}

std::string family_words(const Analysis& analysis, bool color) {
  std::vector<Alert> alerts;
  for (const AlertResult& result : analysis.alerts) alerts.push_back(result.alert);
  std::string out;
  std::size_t shown = 0;
  for (const AlertFamily& family : families_of(alerts)) {
    if (++shown > kMostFamilies) return out + "  and more: report.json has all\n";
    const Alert& alert = *family.root;
    out += fmt::format("  {}  since {}: {}\n", state_word(alert, color),
                       format_local(alert.finding.since),
                       printable(alert.finding.summary, kTextLimitBytes));
    if (!alert.finding.cause.empty())
      out += "    cause: " + printable(alert.finding.cause, kTextLimitBytes) + "\n";
    for (const Culprit& culprit : alert.finding.culprits)
      out += fmt::format("    by: {} {}\n", culprit.name, culprit.location);
    for (const Alert* child : family.children)
      out += "    with it: " + printable(child->finding.summary, kTextLimitBytes) + "\n";
  }
  return out;
}

Result<void> write_file(const std::filesystem::path& file, const std::filesystem::path& database,
                        const std::string& content) {
  auto output = OutputFile::open(file, database);
  if (!output) return output.error();
  if (!(*output)->write(content)) return (*output)->failure();
  return (*output)->finish();
}

}  // namespace

Result<ReportData> soak_page(const SoakReport& report) {
  auto reader = SampleReader::open(report.folder.database());
  if (!reader) return reader.error();
  ReportQuery query;
  query.target = report.target;
  auto page = gather(*reader, query, report.ended);
  if (!page) return page;
  if (auto added = add_captures(*reader, report.folder.database(), *page); !added)
    return added.error();
  page->host = host_facts();
  page->database = report.folder.database().string();
  const auto outcome =
      report.judgement.verdict == SoakVerdict::kPass   ? ReportVerdict::Outcome::kPass
      : report.judgement.verdict == SoakVerdict::kFail ? ReportVerdict::Outcome::kFail
                                                       : ReportVerdict::Outcome::kInconclusive;
  page->verdict = ReportVerdict{outcome, report.judgement.reason};
  for (const JudgedSignal& signal : report.judgement.signals) {
    if (!signal.detectable) continue;
    page->smallest_detectable.push_back({signal.detector, signal.metric, signal.detectable,
                                         signal.confidence, report.ending.watched});
  }
  return page;
}

std::string printable_lines(const std::string& text) {
  std::string out;
  std::size_t begin = 0;
  while (begin <= text.size() && out.size() < kTextLimitBytes) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out += (begin == 0 ? "" : "\n") + printable(line, kTextLimitBytes);
    begin = end + 1;
  }
  return out;
}

bool command_failed(const SoakReport& report) {
  if (report.ending.how == SoakEnding::How::kNotStarted) return true;
  return report.command_end && !report.command_end->by_us &&
         report.command_end->status.value_or(1) != 0;
}

std::string soak_json(const SoakReport& report) {
  const SoakJudgement& judgement = report.judgement;
  json::object object;
  object["verdict"] = json::value(to_string(judgement.verdict));
  object["summary"] = json_text(judgement.reason);
  object["exit_status"] = judgement.exit_status;
  object["ending"] = json::value(to_string(report.ending.how));
  object["ending_words"] = json_text(report.ending.words);
  object["target"] = json_text(report.target);
  object["spec"] = json_text(report.spec);
  object["command"] = command_of(report);
  object["began"] = format_utc(report.began);
  object["ended"] = format_utc(report.ended);
  object["planned_seconds"] = to_seconds(report.ending.planned);
  object["watched_seconds"] = to_seconds(report.ending.watched);
  object["shortest_soak_seconds"] =
      report.shortest ? json::value(to_seconds(*report.shortest)) : json::value(nullptr);
  object["detectors"] = detectors_of(judgement);
  json::array notes;
  for (const std::string& note : report.notes) notes.emplace_back(json_text(note));
  for (const std::string& remark : report.remarks) notes.emplace_back(json_text(remark));
  object["notes"] = std::move(notes);
  object["program"] = "soakwatch " SOAKWATCH_VERSION;
  // As text: Boost.JSON 1.81 reads numbers back with another last digit.
  std::string out = json::serialize(object);
  out.pop_back();
  return out + ",\"analysis\":" +
         analysis_json(report.analysis, {report.folder.database().string(), 0, {}}) + "}";
}

std::string soak_text(const SoakReport& report, bool color) {
  const std::string word(to_string(report.judgement.verdict));
  const bool fail = report.judgement.verdict == SoakVerdict::kFail;
  std::string out = fmt::format("{}  {}\n", fail ? red(word, color) : bold(word, color),
                                printable(report.judgement.reason, kTextLimitBytes));
  const Analysis& analysis = report.analysis;
  out += fmt::format("{}: {} rounds in {} of {}, {} process{}\n", printable(report.target),
                     analysis.samples, format_duration(report.ending.watched),
                     format_duration(report.ending.planned), analysis.instance_count,
                     analysis.instance_count == 1 ? "" : "es");
  const auto section = [&](std::string_view title, const std::string& body) {
    if (!body.empty()) out += "\n" + bold(title, color) + "\n" + body;
  };
  section("Alerts", family_words(analysis, color));
  section("Detectors", detectors_text(report.judgement));
  std::string notes;
  for (const std::string& note : report.notes)
    notes += "  " + printable(note, kTextLimitBytes) + "\n";
  section("Notes", notes);
  out += "\nreport: " + printable(report.folder.folder.string(), kTextLimitBytes) + "\n";
  return out;
}

Result<void> write_reports(const SoakReport& report) {
  const auto database = report.folder.database();
  Result<void> result;
  const auto note = [&result](const Result<void>& written) {
    if (result && !written) result = written;
  };
  note(write_file(report.folder.json(), database, soak_json(report) + "\n"));
  note(write_file(report.folder.junit(), database, junit_xml(report)));
  // Nothing was sampled: there is no page to write.
  if (report.analysis.samples == 0) return result;
  const auto page = soak_page(report);
  if (!page) {
    note(page.error());
    return result;
  }
  note(write_file(report.folder.html(), database, report_html(*page)));
  note(write_file(report.folder.markdown(), database, report_markdown(*page)));
  return result;
}

}  // namespace soakwatch
