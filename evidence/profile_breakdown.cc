#include "evidence/profile_breakdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "evidence/frame.h"
#include "evidence/profile_units.h"
#include "evidence/stack_key.h"
#include "evidence/wait_reason.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

// What a profile measures, and where it is in the values of a sample.
struct Measure {
  CaptureKind kind = CaptureKind::kHeap;
  std::size_t count = 0;
  std::optional<std::size_t> bytes;
};

Result<Measure> measure_of(const Profile& profile) {
  const auto has = [&](std::string_view type) -> std::optional<std::size_t> {
    const auto index = sample_index(profile, type);
    if (!index) return std::nullopt;
    return *index;
  };
  if (has("inuse_space") && has("inuse_objects")) {
    const bool allocs = profile.text(profile.default_sample_type) == "alloc_space";
    if (!allocs) return Measure{CaptureKind::kHeap, *has("inuse_objects"), has("inuse_space")};
    if (has("alloc_space") && has("alloc_objects"))
      return Measure{CaptureKind::kAllocs, *has("alloc_objects"), has("alloc_space")};
  }
  for (const std::string_view type : {"goroutine", "goroutineleak"}) {
    if (has(type)) return Measure{CaptureKind::kGoroutine, *has(type), {}};
  }
  if (has("cpu")) return Measure{CaptureKind::kCpu, *has("cpu"), {}};
  return invalid(fmt::format("a profile of {}, not of heap, allocs, goroutine or cpu",
                             printable(profile.sample_types.back().type)));
}

class Grouper {
 public:
  Grouper(const Profile& profile, const Measure& measure, const ProfileLimits& limits)
      : profile_(profile), measure_(measure), limits_(limits) {
    // Functions of one name are one: a name says what a function is, its id does not.
    std::unordered_map<std::string_view, std::uint32_t> known;
    for (const ProfileFunction& function : profile.functions) {
      const std::string& name = name_of(function);
      const auto id = static_cast<std::uint32_t>(known.size());
      functions_.push_back(
          {known.emplace(name, id).first->second, is_own(name), is_of_runtime(name)});
    }
  }

  Breakdown breakdown() {
    Breakdown result;
    result.kind = measure_.kind;
    for (const ProfileSample& sample : profile_.samples) {
      const double count = count_of(sample);
      const double bytes = measure_.bytes ? static_cast<double>(sample.values[*measure_.bytes]) : 0;
      if (count == 0 && bytes == 0) continue;
      result.total_count += count;
      result.total_bytes += bytes;
      add(sample, count, bytes);
    }
    for (const Sum* sum : heaviest()) result.groups.push_back(group_of(*sum));
    return result;
  }

 private:
  struct Function {
    std::uint32_t name = 0;  // equal for equal names
    bool is_own = false;
    bool is_of_runtime = false;
  };
  struct Step {
    const ProfileLocation* location = nullptr;
    const ProfileLine* line = nullptr;  // null: code without names
  };
  struct Sum {
    const ProfileSample* example = nullptr;  // the heaviest
    double example_weight = 0;
    double count = 0;
    double bytes = 0;
  };

  [[nodiscard]] const std::string& name_of(const ProfileFunction& function) const {
    return profile_.text(function.name != 0 ? function.name : function.system_name);
  }

  [[nodiscard]] double count_of(const ProfileSample& sample) const {
    const std::int64_t value = sample.values[measure_.count];
    if (measure_.kind != CaptureKind::kCpu) return static_cast<double>(value);
    return scale_value(value, profile_.sample_types[measure_.count].unit, "seconds").value;
  }

  [[nodiscard]] double weight(double count, double bytes) const {
    return measure_.bytes ? bytes : count;
  }

  [[nodiscard]] std::vector<Step> steps_of(const ProfileSample& sample) const {
    std::vector<Step> steps;
    for (const LocationIndex index : sample.stack) {
      const ProfileLocation& location = profile_.locations[index];
      if (location.lines.empty()) steps.push_back({&location, nullptr});
      for (const ProfileLine& line : location.lines) steps.push_back({&location, &line});
      if (steps.size() >= limits_.max_group_frames) break;
    }
    if (steps.size() > limits_.max_group_frames) steps.resize(limits_.max_group_frames);
    return steps;
  }

  [[nodiscard]] const Function* function_of(const Step& step) const {
    return step.line != nullptr ? &functions_[step.line->function] : nullptr;
  }

  // The first own frame at or after `from`.
  [[nodiscard]] std::optional<std::size_t> own_step(const std::vector<Step>& steps,
                                                    std::size_t from = 0) const {
    for (std::size_t i = from; i < steps.size(); ++i) {
      const Function* function = function_of(steps[i]);
      if (function != nullptr && function->is_own) return i;
    }
    return std::nullopt;
  }

  // Numbers of names and lines, within this profile. The groups that are kept get a readable key.
  [[nodiscard]] std::string identity(const std::vector<Step>& steps) const {
    std::string key;
    const auto append = [&key](std::uint64_t value) {
      for (int shift = 0; shift < 64; shift += 8) key += static_cast<char>(value >> shift);
    };
    const auto append_step = [&](const Step& step, bool with_line) {
      const Function* function = function_of(step);
      if (function == nullptr) {
        append(~std::uint64_t{0});
        append(step.location->mapping ? profile_.mappings[*step.location->mapping].file : 0);
        return;
      }
      append(function->name);
      if (with_line) append(static_cast<std::uint64_t>(step.line->line));
    };
    const auto own = own_step(steps);
    if (measure_.kind == CaptureKind::kCpu) {
      if (!steps.empty()) append_step(steps[own.value_or(0)], false);
      return key;
    }
    if (measure_.kind != CaptureKind::kGoroutine && own) {
      append_step(steps[*own], true);
      if (const auto caller = own_step(steps, *own + 1)) append_step(steps[*caller], true);
      return key;
    }
    const bool runtime_counts = std::all_of(steps.begin(), steps.end(), [this](const Step& step) {
      const Function* function = function_of(step);
      return function != nullptr && function->is_of_runtime;
    });
    for (const Step& step : steps) {
      const Function* function = function_of(step);
      if (function != nullptr && function->is_of_runtime && !runtime_counts) continue;
      append_step(step, true);
    }
    return key;
  }

  void add(const ProfileSample& sample, double count, double bytes) {
    Sum& sum = sums_[identity(steps_of(sample))];
    sum.count += count;
    sum.bytes += bytes;
    if (sum.example == nullptr || weight(count, bytes) > sum.example_weight) {
      sum.example = &sample;
      sum.example_weight = weight(count, bytes);
    }
  }

  [[nodiscard]] std::vector<const Sum*> heaviest() const {
    std::vector<std::pair<const std::string*, const Sum*>> order;
    for (const auto& [key, sum] : sums_) order.emplace_back(&key, &sum);
    std::sort(order.begin(), order.end(), [this](const auto& a, const auto& b) {
      const double x = weight(a.second->count, a.second->bytes);
      const double y = weight(b.second->count, b.second->bytes);
      return x != y ? x > y : *a.first < *b.first;
    });
    if (order.size() > limits_.max_groups) order.resize(limits_.max_groups);
    std::vector<const Sum*> sums;
    sums.reserve(order.size());
    for (const auto& [key, sum] : order) sums.push_back(sum);
    return sums;
  }

  [[nodiscard]] Frame frame_of(const Step& step) const {
    if (step.line == nullptr) return {};
    const ProfileFunction& function = profile_.functions[step.line->function];
    return {name_of(function), profile_.text(function.file), step.line->line};
  }

  // Code without names, as pprof shows it.
  [[nodiscard]] std::string file_of(const Step& step) const {
    const std::string file = step.location->mapping
                                 ? profile_.text(profile_.mappings[*step.location->mapping].file)
                                 : "";
    return file.empty() ? "<unknown>" : "[" + file.substr(file.rfind('/') + 1) + "]";
  }

  [[nodiscard]] Group group_of(const Sum& sum) const {
    const std::vector<Step> steps = steps_of(*sum.example);
    std::vector<Frame> frames;
    frames.reserve(steps.size());
    for (const Step& step : steps) frames.push_back(frame_of(step));
    Group group;
    group.count = sum.count;
    group.bytes = sum.bytes;
    if (measure_.kind == CaptureKind::kGoroutine) group.state = wait_reason(frames);
    // Before code without names gets the name of its file, which is no function of the program.
    const auto own = first_own_frame(frames);
    const std::size_t named = frames.empty()                             ? 0
                              : measure_.kind == CaptureKind::kGoroutine ? naming_frame(frames)
                                                                         : own.value_or(0);
    std::optional<std::size_t> caller;
    if (own) caller = first_own_frame(std::span(frames).subspan(*own + 1));
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (frames[i].function.empty()) frames[i].function = file_of(steps[i]);
      group.stack.push_back(to_string(frames[i]));
    }
    if (frames.empty()) {
      group.key = group.name = "<unknown>";
      return group;
    }
    group.name = printable(frames[named].function);
    group.location = location_of(frames[named]);
    if (measure_.kind == CaptureKind::kCpu) {
      group.key = group.name;
    } else if (measure_.kind != CaptureKind::kGoroutine && own) {
      group.key = group.stack[*own];
      if (caller) group.key += "; " + group.stack[*own + 1 + *caller];
    } else {
      group.key = stack_key(frames);
    }
    return group;
  }

  const Profile& profile_;
  const Measure& measure_;
  const ProfileLimits& limits_;
  std::vector<Function> functions_;
  std::unordered_map<std::string, Sum> sums_;
};

}  // namespace

Result<Breakdown> profile_breakdown(const Profile& profile, const ProfileLimits& limits) {
  const auto measure = measure_of(profile);
  if (!measure) return measure.error();
  return Grouper(profile, *measure, limits).breakdown();
}

}  // namespace soakwatch
