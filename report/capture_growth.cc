#include "report/capture_growth.h"

#include <algorithm>
#include <array>
#include <optional>

#include "evidence/read_breakdown.h"
#include "storage/capture_folder.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20;
constexpr double kLeastShare = 0.01;  // less is noise
// The order of the report: what is named by a line of code comes first.
constexpr std::array kKinds{CaptureKind::kGoroutine, CaptureKind::kHeap, CaptureKind::kAllocs,
                            CaptureKind::kFds, CaptureKind::kMappings};

std::optional<Breakdown> read(const std::filesystem::path& database, const Capture& capture) {
  const auto bytes = read_capture_file(database, capture, kMaxFileBytes);
  if (!bytes) return std::nullopt;
  auto breakdown = read_breakdown(*bytes);
  if (!breakdown) return std::nullopt;
  return std::move(*breakdown);
}

double total(const Breakdown& breakdown, CaptureKind kind) {
  return weight_unit(kind) == Unit::kBytes ? breakdown.total_bytes : breakdown.total_count;
}

}  // namespace

std::vector<CaptureGrowth> growth_between(const std::filesystem::path& database,
                                          const std::vector<Capture>& captures,
                                          std::size_t group_limit) {
  std::vector<CaptureGrowth> result;
  const auto earlier = [](const Capture& a, const Capture& b) { return a.time < b.time; };
  const auto newest = std::max_element(captures.begin(), captures.end(), earlier);
  if (newest == captures.end()) return result;
  for (const CaptureKind kind : kKinds) {
    std::vector<Capture> of_kind;
    std::copy_if(
        captures.begin(), captures.end(), std::back_inserter(of_kind),
        [&](const Capture& c) { return c.kind == kind && c.instance == newest->instance; });
    if (of_kind.size() < 2) continue;
    const auto [first, last] = std::minmax_element(of_kind.begin(), of_kind.end(), earlier);
    const auto before = read(database, *first);
    const auto after = read(database, *last);
    if (!before || !after) continue;
    CaptureGrowth growth{*first, *last, total(*before, kind), total(*after, kind), {}};
    for (GroupGrowth& group : what_grew(*before, *after)) {
      if (group.share < kLeastShare || growth.groups.size() >= group_limit) break;
      growth.groups.push_back(std::move(group));
    }
    result.push_back(std::move(growth));
  }
  return result;
}

}  // namespace soakwatch
