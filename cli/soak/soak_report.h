// What a soak leaves for people and machines to read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/analyze/analysis.h"
#include "cli/soak/report_folder.h"
#include "cli/soak/soak_verdict.h"
#include "model/result.h"
#include "model/timestamp.h"
#include "report/report_data.h"

namespace soakwatch {

struct CommandEnd {
  std::string words;          // "exited with status 1"
  std::optional<int> status;  // one of the two
  std::optional<int> signal;
  bool by_us = false;  // told to end when the watch was over
};

// Everything that a report tells, apart from the samples.
struct SoakReport {
  ReportFolder folder;
  std::string target;
  std::string spec;
  std::vector<std::string> command;  // empty: attached
  std::optional<CommandEnd> command_end;
  std::string last_output;  // of a command that failed
  WallTime began;
  WallTime ended;
  SoakEnding ending;
  SoakJudgement judgement;
  Analysis analysis;
  std::optional<milliseconds> shortest;  // shortest_soak()
  std::vector<std::string> notes;        // what a reader should know besides, each a sentence
  std::vector<std::string> remarks;      // what nobody need know: in report.json only
};

// As printable(), but lines stay lines.
std::string printable_lines(const std::string& text);

// Whether the command ended by itself in a way that is no success.
bool command_failed(const SoakReport& report);

// One object in one line; its key `analysis` holds what `analyze --json` says of the samples. The
// verdict of a soak is its own: it is stricter.
std::string soak_json(const SoakReport& report);
// A document of the JUnit form with a testcase for the run and one for each detector.
std::string junit_xml(const SoakReport& report);
// For a terminal: the verdict first. Ends with a line end.
std::string soak_text(const SoakReport& report, bool color);

// The page about the soak, from its database and captures. Reads files.
Result<ReportData> soak_page(const SoakReport& report);

// Writes every file of the report into its folder; as many as can be. The error tells of the first
// that could not.
Result<void> write_reports(const SoakReport& report);

}  // namespace soakwatch
