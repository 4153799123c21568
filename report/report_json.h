// A report for a program: docs/report.md describes every key.
#pragma once

#include <string>

#include "report/report_data.h"

namespace soakwatch {

// One object, of schema 1. Times are UTC, texts printable, numbers that are not finite null.
std::string report_json(const ReportData& data);

}  // namespace soakwatch
