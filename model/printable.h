// Text from outside made safe to show.
#pragma once

#include <string>
#include <string_view>

#include "model/metric.h"

namespace soakwatch {

// For terminals and logs: control characters, DEL, C1 controls, bidirectional overrides and bytes
// that are not UTF-8 become \xNN; the rest stays. Cut after `limit` bytes of output, with "..." at
// the end.
std::string printable(std::string_view text, std::size_t limit = 200);

// "1.5 MiB", "512 B", binary units, two significant decimals at most.
std::string format_bytes(double bytes);
// A value of the metric with its unit, for a person: "12.3 MiB", "1,204", "0.25 s", "1.3 %".
std::string format_value(Metric metric, double value);
std::string format_amount(Unit unit, double value);
// The same per hour, with a sign: "+12.3 MiB/h", "+240/h". A pace of less than ten in an hour keeps
// two digits, and one beyond what a process can have is short: "+0.25/h", "+1.2e+20/h".
std::string format_rate(Metric metric, double per_hour);

}  // namespace soakwatch
