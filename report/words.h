// Names, times and figures as a reader of a report wants them.
#pragma once

#include <string>
#include <string_view>

#include "model/alert.h"
#include "model/finding.h"
#include "report/report_data.h"

namespace soakwatch {

// "Live heap", "Open file descriptors".
std::string_view label_of(Metric metric);
// "goroutines grow by 240 an hour" without the number: what a finding is about, within a sentence.
std::string subject_of(const Finding& finding);

// Local time: "2026-11-20 08:40", with seconds where the report spans less than an hour.
std::string time_text(const ReportData& data, WallTime time);
// Without the year, "20 Nov 08:40", where it is the one in which the report begins; without the day
// where it is that day.
std::string short_time_text(const ReportData& data, WallTime time);
std::string day_text(WallTime local);  // "20 Nov"; `local`: UTC plus zone_offset()
// "UTC+01:00": of local time then.
std::string zone_text(WallTime time);
std::chrono::seconds zone_offset(WallTime time);

// "main.leak (worker.go:42)": who is behind it, printable.
std::string culprit_text(const Culprit& culprit);
std::string amount_text(const Culprit& culprit, double value);
// "goroutine" -> "goroutines", as a group's kind is called.
std::string_view holder_word(CaptureKind kind);

// One word that a shell takes as it is.
std::string shell_word(std::string_view text);

}  // namespace soakwatch
