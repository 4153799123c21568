// How long a soak must be before its verdict means something.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "model/metric.h"
#include "model/timestamp.h"

namespace soakwatch {

// By `span` after its first sample a process that leaks from its start, clearly and steadily, would
// have raised the alert of this detector. Absent: this configuration never finds such a leak.
struct NeededSpan {
  std::string_view detector;
  Metric metric = Metric::kRssBytes;
  std::optional<milliseconds> span;
};

// For each detector of growth that `config` enables, by trying it on such a leak: no formula that
// could part from the engine. Some milliseconds of work.
std::vector<NeededSpan> needed_spans(const Config& config, const Target& target);

// The longest of them, and some room for rounds that come late; absent where one of them is.
std::optional<milliseconds> shortest_soak(const std::vector<NeededSpan>& needed);

}  // namespace soakwatch
