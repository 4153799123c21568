// An analysis for a person and for a program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/analyze/analysis.h"

namespace soakwatch {

// Where the samples came from.
struct AnalysisSource {
  std::string file;
  std::int64_t skipped_rows = 0;             // without any value
  std::vector<std::string> unknown_columns;  // left out
};

// The verdict first, then alerts, what is no leak, and the series. Ends with a line end. Times are
// local.
std::string analysis_text(const Analysis& analysis, const AnalysisSource& source, bool color);

// One object in one line, without a line end; a number that is not finite is null. Times are UTC.
std::string analysis_json(const Analysis& analysis, const AnalysisSource& source);

}  // namespace soakwatch
