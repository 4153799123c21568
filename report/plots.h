// Which metrics are drawn, and what is drawn of them.
#pragma once

#include <vector>

#include "report/report_data.h"
#include "report/svg_plot.h"

namespace soakwatch {

// Places in ReportData::series.
struct PlotChoice {
  std::vector<std::size_t> main;      // those with an alert first
  std::vector<std::size_t> further;   // the others that change
  std::vector<std::size_t> constant;  // gauges that stayed as they were
};
PlotChoice choose_plots(const ReportData& data);

// A gauge as it is; a counter as its rate, which is what `format` then has the unit of. Without a
// segment: too few samples.
PlotSpec plot_of(const ReportData& data, std::size_t series);

// "Live heap", "Processor use".
std::string plot_title(Metric metric);

}  // namespace soakwatch
