// Rules of the field: levels at which people who hunt leaks by hand look twice. They inform and
// explain; that something leaks is said by the detectors alone. docs/evidence.md states each rule.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evidence/fd_list.h"
#include "model/sample.h"
#include "model/timestamp.h"

namespace soakwatch {

struct FieldRule {
  bool on = true;
  double limit = 0;  // told from here on
};

struct FieldRuleOptions {
  FieldRule many_fds{true, 1000};
  FieldRule file_open_often{true, 4};  // times, of one path
  FieldRule many_threads{true, 100};
  FieldRule gc_cpu{true, 0.05};  // of the processor time that the program may use
  FieldRule swap_growing{true, 16.0 * 1024 * 1024};  // bytes over the samples given
  FieldRule many_mappings{true, 2000};
  FieldRule large_when_idle{true, 500.0 * 1024 * 1024};  // bytes of RSS
  FieldRule path_patterns{true, 30};                     // files open that fit one pattern
  FieldRule stuck_goroutines{true, 1};                   // goroutines that wait too long
  // A pattern without "*" fits every path that has it in it; with "*" (any bytes, slashes too) it
  // must fit to the end of the path: "*.db".
  std::vector<std::string> patterns = {".claude/projects", ".codex/sessions", "*.db"};
};

struct RuleFinding {
  std::string name;     // "many_fds": stable
  std::string subject;  // the path or pattern that it is about, printable; mostly empty
  double value = 0;     // in the unit of the limit
  double limit = 0;
  std::string sentence;  // for a person, printable
};

// What is known of one process instance. What is absent is not judged.
struct FieldFacts {
  // The newest last. The newest value of a metric counts; swap and processor time are compared
  // over all of the samples (an hour is a good span).
  std::span<const Sample> samples;
  const FdList* fds = nullptr;
  // Goroutines that are stuck for minutes, and in what, as whoever looked at them says.
  std::optional<double> stuck_goroutines;
  std::string stuck_in;  // "chan receive in main.worker"; untrusted
};

// A file or pattern each has a finding of its own: of one rule, this many at most.
inline constexpr std::size_t kMaxFindingsOfOneRule = 20;

// Each rule that is on and at or above its limit.
std::vector<RuleFinding> field_rules(const FieldFacts& facts, const FieldRuleOptions& options);

// The same for a process that is looked at again and again: a finding is told when its value
// reaches the limit, and again only after the value has been below three quarters of it. One
// instance for each process instance; not safe across threads.
class FieldRuleWatch {
 public:
  explicit FieldRuleWatch(FieldRuleOptions options) : options_(std::move(options)) {}

  std::vector<RuleFinding> news(const FieldFacts& facts);

 private:
  FieldRuleOptions options_;
  std::set<std::pair<std::string, std::string>> told_;  // name and subject
};

struct PatternCount {
  std::string pattern;
  std::size_t count = 0;
};

// Open files by the patterns, in their order, zeros too.
std::vector<PatternCount> count_path_patterns(const FdList& list,
                                              const std::vector<std::string>& patterns);

bool fits_path_pattern(std::string_view path, std::string_view pattern);

}  // namespace soakwatch
