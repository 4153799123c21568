// A report as Markdown (CommonMark with tables), for a ticket or a terminal. It has no plots.
#pragma once

#include <string>

#include "report/report_data.h"

namespace soakwatch {

std::string report_markdown(const ReportData& data);

}  // namespace soakwatch
