#include "evidence/field_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/printable.h"

namespace soakwatch {
namespace {

// Below this share of its limit a value that was told may be told again.
constexpr double kReleased = 0.75;
constexpr std::size_t kMaxOftenOpenFiles = 1000;
// Idle: less than this share of one processor, over at least a minute.
constexpr double kIdleShare = 0.01;
constexpr milliseconds kLeastIdleSpan{60'000};

constexpr std::string_view kFileOpenOften = "file_open_often";

// The first and the last value of a metric in the samples, and the time between them.
struct Course {
  double first = 0;
  double last = 0;
  milliseconds span{0};
};

std::optional<Course> course_of(std::span<const Sample> samples, Metric metric) {
  const auto has = [metric](const Sample& sample) { return sample.values.has(metric); };
  const auto first = std::find_if(samples.begin(), samples.end(), has);
  if (first == samples.end()) return std::nullopt;
  const auto last = std::find_if(samples.rbegin(), samples.rend(), has);
  return Course{*first->values.get(metric), *last->values.get(metric),
                last->monotonic - first->monotonic};
}

// What the rules that are on say, below their limits, too: a watch needs to see a value fall.
class Readings {
 public:
  Readings(const FieldFacts& facts, const FieldRuleOptions& options) : facts_(facts) {
    level(options.many_fds, "many_fds", Metric::kOpenFds,
          "{} descriptors are open: are files, connections and pipes closed again?");
    often_open_files(options.file_open_often);
    level(options.many_threads, "many_threads", Metric::kThreads,
          "{} threads: system calls or C code that does not return, or goroutines that stay locked "
          "to their threads");
    level(options.gc_cpu, "gc_cpu", Metric::kGcCpuFraction,
          "garbage collection has taken {} of the processor time that the program may use, since "
          "its start");
    swap(options.swap_growing);
    level(options.many_mappings, "many_mappings", Metric::kMappings,
          "{} mappings: is memory, or are files, mapped and not unmapped?");
    idle(options.large_when_idle);
    patterns(options);
    stuck(options.stuck_goroutines);
  }

  [[nodiscard]] const std::vector<RuleFinding>& all() const { return readings_; }

 private:
  void add(const FieldRule& rule, std::string_view name, std::string subject, double value,
           std::string sentence) {
    if (!std::isfinite(value)) return;
    readings_.push_back(
        {std::string(name), std::move(subject), value, rule.limit, std::move(sentence)});
  }

  void level(const FieldRule& rule, std::string_view name, Metric metric,
             fmt::format_string<std::string> sentence) {
    const auto course = course_of(facts_.samples, metric);
    if (!rule.on || !course) return;
    add(rule, name, {}, course->last, fmt::format(sentence, format_value(metric, course->last)));
  }

  void often_open_files(const FieldRule& rule) {
    if (!rule.on || facts_.fds == nullptr) return;
    const auto at_least =
        static_cast<std::size_t>(std::max(2.0, std::ceil(kReleased * rule.limit)));
    for (const OftenOpenFile& file : files_open_often(*facts_.fds, at_least, kMaxOftenOpenFiles)) {
      const std::string path = printable(file.path);
      add(rule, kFileOpenOften, path, static_cast<double>(file.count),
          fmt::format("{} is open {} times: is it opened anew for each use and not closed?", path,
                      file.count));
    }
  }

  void swap(const FieldRule& rule) {
    const auto course = course_of(facts_.samples, Metric::kSwapBytes);
    if (!rule.on || !course || course->span <= milliseconds(0)) return;
    const double growth = course->last - course->first;
    add(rule, "swap_growing", {}, growth,
        fmt::format("swap grew by {} in {}, to {}: memory is short, and everything may be slow",
                    format_bytes(growth), format_duration(course->span),
                    format_bytes(course->last)));
  }

  void idle(const FieldRule& rule) {
    const auto rss = course_of(facts_.samples, Metric::kRssBytes);
    const auto cpu = course_of(facts_.samples, Metric::kCpuSecondsTotal);
    if (!rule.on || !rss || !cpu || cpu->span < kLeastIdleSpan) return;
    const double elapsed_seconds = std::chrono::duration<double>(cpu->span).count();
    const double share = (cpu->last - cpu->first) / elapsed_seconds;
    // What a busy program holds says nothing, not even that it holds less.
    if (!(share >= 0 && share < kIdleShare)) return;
    add(rule, "large_when_idle", {}, rss->last,
        fmt::format("{} in memory, though the program has been idle for {}",
                    format_bytes(rss->last), format_duration(cpu->span)));
  }

  void patterns(const FieldRuleOptions& options) {
    if (!options.path_patterns.on || facts_.fds == nullptr) return;
    for (const PatternCount& found : count_path_patterns(*facts_.fds, options.patterns)) {
      const std::string pattern = printable(found.pattern);
      add(options.path_patterns, "path_patterns", pattern, static_cast<double>(found.count),
          fmt::format("{} open files fit {}", found.count, pattern));
    }
  }

  void stuck(const FieldRule& rule) {
    if (!rule.on || !facts_.stuck_goroutines) return;
    const std::string where =
        facts_.stuck_in.empty() ? "" : ", most of them in " + printable(facts_.stuck_in);
    add(rule, "stuck_goroutines", {}, *facts_.stuck_goroutines,
        fmt::format("{:.0f} goroutines have waited for minutes{}", *facts_.stuck_goroutines,
                    where));
  }

  const FieldFacts& facts_;
  std::vector<RuleFinding> readings_;
};

// Findings of one rule stand together; of each the first kMaxFindingsOfOneRule stay.
std::vector<RuleFinding> shortened(std::vector<RuleFinding> findings) {
  std::string name;
  std::size_t of_rule = 0;
  std::erase_if(findings, [&](const RuleFinding& finding) {
    if (finding.name != name) of_rule = 0;
    name = finding.name;
    return ++of_rule > kMaxFindingsOfOneRule;
  });
  return findings;
}

}  // namespace

std::vector<RuleFinding> field_rules(const FieldFacts& facts, const FieldRuleOptions& options) {
  std::vector<RuleFinding> findings = Readings(facts, options).all();
  std::erase_if(findings, [](const RuleFinding& f) { return f.value < f.limit; });
  return shortened(std::move(findings));
}

std::vector<RuleFinding> FieldRuleWatch::news(const FieldFacts& facts) {
  const Readings readings(facts, options_);
  std::vector<RuleFinding> findings;
  std::set<std::string_view> files;
  for (const RuleFinding& reading : readings.all()) {
    const std::pair key(reading.name, reading.subject);
    if (reading.name == kFileOpenOften) files.insert(reading.subject);
    if (reading.value >= reading.limit) {
      if (told_.insert(key).second) findings.push_back(reading);
    } else if (reading.value < kReleased * reading.limit) {
      told_.erase(key);
    }
  }
  if (facts.fds != nullptr) {  // the list has no reading of files that are open seldom
    std::erase_if(told_, [&](const auto& key) {
      return key.first == kFileOpenOften && !files.contains(key.second);
    });
  }
  return shortened(std::move(findings));
}

std::vector<PatternCount> count_path_patterns(const FdList& list,
                                              const std::vector<std::string>& patterns) {
  std::vector<PatternCount> counts;
  for (const std::string& pattern : patterns) {
    const auto fits = [&](const OpenFd& fd) {
      return fd.type == FdType::kFile && fits_path_pattern(fd.target, pattern);
    };
    const auto count = std::count_if(list.fds.begin(), list.fds.end(), fits);
    counts.push_back({pattern, static_cast<std::size_t>(count)});
  }
  return counts;
}

// The parts between the stars are looked for from left to right, each as early as it can be; the
// last one must end the path.
bool fits_path_pattern(std::string_view path, std::string_view pattern) {
  if (pattern.empty()) return false;
  if (pattern.find('*') == std::string_view::npos) return path.find(pattern) != path.npos;
  while (true) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return path.ends_with(pattern);
    const std::string_view part = pattern.substr(0, star);
    const std::size_t at = path.find(part);
    if (at == std::string_view::npos) return false;
    path.remove_prefix(at + part.size());
    pattern.remove_prefix(star + 1);
  }
}

}  // namespace soakwatch
