// A report as one HTML file that needs nothing else: no script, no font, no picture from anywhere.
#pragma once

#include <string>

#include "report/report_data.h"

namespace soakwatch {

std::string report_html(const ReportData& data);

}  // namespace soakwatch
