#include "evidence/profile_top.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "evidence/profile_graph.h"
#include "evidence/profile_merge.h"
#include "evidence/profile_names.h"
#include "evidence/profile_units.h"

namespace soakwatch {
namespace {

std::string base_name(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || path.size() == 1) return std::string(path);
  return std::string(path.substr(slash + 1));
}

bool is_of_base(const Profile& profile, const ProfileSample& sample) {
  return std::any_of(sample.labels.begin(), sample.labels.end(), [&](const ProfileLabel& label) {
    return profile.text(label.key) == kBaseLabel && profile.text(label.text) == kBaseLabelValue;
  });
}

// Of all that is shared out: the base, where samples are marked as such.
std::int64_t total_of(const Profile& profile, std::size_t index) {
  std::int64_t total = 0;
  std::int64_t of_base = 0;
  for (const ProfileSample& sample : profile.samples) {
    const std::int64_t value = magnitude(sample.values[index]);
    total = wrapping_add(total, value);
    if (is_of_base(profile, sample)) of_base = wrapping_add(of_base, value);
  }
  return of_base > 0 ? of_base : total;
}

std::string local_time(std::int64_t time_ns) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::time_t seconds = time_ns / kSecond - (time_ns % kSecond < 0 ? 1 : 0);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %Z", &parts);
  return {text.data(), size};
}

class Report {
 public:
  Report(const Profile& profile, std::size_t index, ProfileGraph graph)
      : profile_(profile),
        type_(profile.sample_types[index]),
        graph_(std::move(graph)),
        total_(total_of(profile, index)),
        unit_(choose_unit()) {}

  [[nodiscard]] std::string text() const { return header() + summary() + table(); }

 private:
  // One unit for all: that of the smallest figure, or one in which it is at least 0.01 where the
  // largest would be a long number.
  [[nodiscard]] std::string choose_unit() const {
    constexpr std::string_view kSmallest = "minimum";
    if (graph_.nodes.empty()) return std::string(kSmallest);
    std::int64_t least = 0;
    for (const ProfileNode& node : graph_.nodes) {
      const std::int64_t value = magnitude(node.flat != 0 ? node.flat : node.cum);
      if (value > 0 && (least == 0 || value < least)) least = value;
    }
    if (least == 0) least = total_;
    std::string unit = scale_value(least, type_.unit, kSmallest).unit;
    const auto hundredfold =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(least) * std::uint64_t{100});
    if (unit != scale_value(total_, type_.unit, kSmallest).unit && hundredfold < total_) {
      unit = scale_value(hundredfold, type_.unit, kSmallest).unit;
    }
    return unit.empty() ? type_.unit : unit;
  }

  [[nodiscard]] std::string value(std::int64_t number) const {
    return scaled_text(number, type_.unit, unit_);
  }

  [[nodiscard]] std::string header() const {
    std::string text;
    if (!profile_.mappings.empty()) {
      const ProfileMapping& program = profile_.mappings.front();
      const std::string& file = profile_.text(program.file);
      const std::string& build_id = profile_.text(program.build_id);
      if (!file.empty()) text += fmt::format("File: {}\n", base_name(file));
      if (!build_id.empty()) text += fmt::format("Build ID: {}\n", build_id);
    }
    for (const StringIndex comment : profile_.comments) {
      if (!profile_.text(comment).starts_with('#')) text += profile_.text(comment) + "\n";
    }
    if (!type_.type.empty()) text += fmt::format("Type: {}\n", type_.type);
    if (profile_.doc_url != 0) text += fmt::format("Doc: {}\n", profile_.text(profile_.doc_url));
    if (profile_.time_ns != 0) text += fmt::format("Time: {}\n", local_time(profile_.time_ns));
    if (profile_.duration_ns != 0) text += duration();
    return text;
  }

  // The space before the line's end is pprof's.
  [[nodiscard]] std::string duration() const {
    const ScaledValue total = scale_value(total_, type_.unit, "nanoseconds");
    std::string share;
    if (total.unit == "ns" && total.value != 0) {
      const auto whole = static_cast<std::int64_t>(total.value);
      share = fmt::format("({})", percentage(whole, profile_.duration_ns));
    }
    return fmt::format("Duration: {}, Total samples = {} {}\n",
                       scaled_text(profile_.duration_ns, "nanoseconds", "auto"), value(total_),
                       share);
  }

  [[nodiscard]] std::string summary() const {
    std::int64_t shown = 0;
    for (const ProfileNode& node : graph_.nodes) shown = wrapping_add(shown, node.flat);
    std::string share = percentage(shown, total_);
    share.erase(0, share.find_first_not_of(' '));
    std::string text = fmt::format("Showing nodes accounting for {}, {} of {} total\n",
                                   value(shown), share, value(total_));
    if (total_ == 0) return text;
    if (graph_.dropped > 0) {
      const auto least =
          static_cast<std::int64_t>(static_cast<double>(total_) * kProfileNodeFraction);
      text += fmt::format("Dropped {} node{} (cum <= {})\n", graph_.dropped,
                          graph_.dropped > 1 ? "s" : "", value(magnitude(least)));
    }
    if (!graph_.nodes.empty() && graph_.nodes.size() < graph_.nodes_in_all) {
      text +=
          fmt::format("Showing top {} nodes out of {}\n", graph_.nodes.size(), graph_.nodes_in_all);
    }
    return text;
  }

  [[nodiscard]] std::string table() const {
    std::string text =
        fmt::format("{:>10} {:>5}% {:>5}% {:>10} {:>5}%\n", "flat", "flat", "sum", "cum", "cum");
    std::int64_t sum = 0;
    for (const ProfileNode& node : graph_.nodes) {
      sum = wrapping_add(sum, node.flat);
      std::string_view inlined;
      if (node.is_inlined) inlined = node.is_called ? " (partial-inline)" : " (inline)";
      text += fmt::format("{:>10} {} {} {:>10} {}  {}{}\n", value(node.flat),
                          percentage(node.flat, total_), percentage(sum, total_), value(node.cum),
                          percentage(node.cum, total_), node.name, inlined);
    }
    return text;
  }

  const Profile& profile_;
  const ProfileValueType& type_;
  ProfileGraph graph_;
  std::int64_t total_;
  std::string unit_;
};

void show_names(Profile& profile) {
  for (ProfileFunction& function : profile.functions) {
    const std::string& name = profile.text(function.name);
    std::string shown = shown_function_name(name, profile.text(function.system_name));
    if (shown == name) continue;
    function.name = static_cast<StringIndex>(profile.strings.size());
    profile.strings.push_back(std::move(shown));
  }
}

Result<std::string> top_of(Profile profile, const ProfileTopOptions& options) {
  show_names(profile);
  if (auto dropped = drop_frames(profile); !dropped) return dropped.error();
  const auto index = sample_index(profile, options.sample_type);
  if (!index) return index.error();
  return Report(profile, *index, profile_graph(profile, *index, options.nodes)).text();
}

}  // namespace

Result<std::string> profile_top(const Profile& profile, const ProfileTopOptions& options) {
  return top_of(profile, options);
}

Result<std::string> profile_top(const Profile& now, const Profile& base,
                                const ProfileTopOptions& options) {
  auto difference = subtract_base(now, base, options.base);
  if (!difference) return difference.error();
  return top_of(std::move(*difference), options);
}

}  // namespace soakwatch
