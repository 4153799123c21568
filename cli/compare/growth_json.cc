#include <boost/json/array.hpp>
#include <cmath>

#include "cli/compare/growth_output.h"

namespace soakwatch {
namespace {

boost::json::object json_of(const Breakdown& breakdown, const std::optional<Capture>& stored) {
  boost::json::object object{{"count", json_number(breakdown.total_count)},
                             {"bytes", json_number(breakdown.total_bytes)}};
  if (breakdown.truncated) object["truncated"] = true;
  if (stored) {
    object["capture"] = stored->id;
    object["instance"] = stored->instance;
    object["time"] = format_utc(stored->time);
    object["reason"] = to_string(stored->reason);
  }
  return object;
}

boost::json::object json_of(const GroupGrowth& growth) {
  const Group& now = growth.after;
  boost::json::array stack;
  for (const std::string& frame : now.stack) stack.emplace_back(frame);
  boost::json::object object{{"name", now.name},
                             {"location", now.location},
                             {"state", now.state},
                             {"count_before", json_number(now.count - growth.count)},
                             {"count_now", json_number(now.count)},
                             {"count_change", json_number(growth.count)},
                             {"bytes_before", json_number(now.bytes - growth.bytes)},
                             {"bytes_now", json_number(now.bytes)},
                             {"bytes_change", json_number(growth.bytes)},
                             {"share", growth.share},
                             {"stack", std::move(stack)}};
  if (now.longest_wait) {
    object["longest_wait_seconds"] = static_cast<double>(now.longest_wait->count()) / 1000;
  }
  return object;
}

}  // namespace

boost::json::value json_number(double value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (!std::isfinite(value)) return nullptr;
  if (std::abs(value) <= kExact && std::floor(value) == value)
    return static_cast<std::int64_t>(value);
  return value;
}

boost::json::object growth_json(const CapturePair& pair) {
  boost::json::array groups;
  for (const GroupGrowth& group : pair.growth) groups.push_back(json_of(group));
  return {{"kind", to_string(pair.after.kind)},
          {"before", json_of(pair.before, pair.stored_before)},
          {"now", json_of(pair.after, pair.stored_after)},
          {"groups", std::move(groups)}};
}

}  // namespace soakwatch
