#include "tests/bench/detection/gates.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>

#include "detectors/floor_trend.h"
#include "tests/bench/detection/series.h"

namespace soakwatch::bench {
namespace {

boost::json::object to_json(const FloorJudgement& j, milliseconds at) {
  boost::json::array gates;
  for (const Gate& gate : j.gates) {
    gates.push_back(boost::json::object{{"name", gate.name},
                                        {"passed", gate.passed},
                                        {"measured", gate.measured},
                                        {"threshold", gate.threshold},
                                        {"meaning", gate.meaning}});
  }
  return {{"hours", hours(at)},
          {"span_hours", hours(j.span)},
          {"level", j.level},
          {"grows", j.grows},
          {"base", j.base},
          {"current", j.current},
          {"gates", std::move(gates)},
          {"grade", to_string(j.grade)}};
}

}  // namespace

std::string gates_of(std::istream& csv, const DetectionOptions& options) {
  const auto signal =
      std::find_if(options.signals.begin(), options.signals.end(),
                   [](const SignalOptions& s) { return s.signal == Signal::kAnonMemory; });
  if (signal == options.signals.end()) return {};
  FloorTrend trend(trend_options(options, *signal));
  std::string all;
  for (std::string line; std::getline(csv, line);) {
    char* end = nullptr;
    const double at_hours = std::strtod(line.c_str(), &end);
    if (end == line.c_str() || *end != ',') continue;
    const char* rest = end + 1;
    const double value = std::strtod(rest, &end);
    if (end == rest) continue;
    const milliseconds at(std::llround(at_hours * 3600e3));
    const auto judgement = trend.add(at, WallTime(at), value, std::nan(""));
    if (judgement) all += boost::json::serialize(to_json(*judgement, at)) + '\n';
  }
  return all;
}

}  // namespace soakwatch::bench
