// What a report says, section by section.
#pragma once

#include <string>
#include <vector>

#include "report/document.h"
#include "report/report_data.h"

namespace soakwatch {

Document compose(const ReportData& data);

// The sentence on top, and the place in the source to open first; empty where nobody knows.
std::string headline_of(const ReportData& data);
const Culprit* first_culprit(const ReportData& data);

// Sections; without a block there is nothing to say. compose_issues.cc:
Section issues_section(const ReportData& data);
Section next_steps_section(const ReportData& data);
// compose_captures.cc:
Section captures_section(const ReportData& data);
// compose_figures.cc:
Section context_section(const ReportData& data);
Section plots_section(const ReportData& data);
Section heap_section(const ReportData& data);
Section allocations_section(const ReportData& data);
Section goroutines_section(const ReportData& data);
Section descriptors_section(const ReportData& data);
Section all_metrics_section(const ReportData& data);

}  // namespace soakwatch
