// detection_bench: how right is the engine, next to the rules that people use today?
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>

#include "tests/bench/detection/diagnosis.h"
#include "tests/bench/detection/engine.h"
#include "tests/bench/detection/gates.h"
#include "tests/bench/detection/generators.h"
#include "tests/bench/detection/real_series.h"
#include "tests/bench/detection/report.h"
#include "tests/bench/detection/trace_report.h"

namespace soakwatch::bench {
namespace {

// Tune on seeds below this one, report on those from it on.
constexpr std::uint64_t kFirstReported = 1001;
constexpr std::uint64_t kQuick = 100;
constexpr std::uint64_t kFull = 400;

struct Arguments {
  std::string seeds;
  bool quick = false;
  std::vector<std::string> families;
  bool json = false;
  bool explain = false;
  bool engine_only = false;
  std::string real;
  std::string traces;
  std::optional<int> cold_start_minutes;
  std::string gates;
  std::string require;
};

std::pair<std::uint64_t, std::uint64_t> seed_range(const Arguments& arguments) {
  if (arguments.seeds.empty()) {
    return {kFirstReported, kFirstReported + (arguments.quick ? kQuick : kFull) - 1};
  }
  const std::size_t dots = arguments.seeds.find("..");
  const std::uint64_t first = std::stoull(arguments.seeds.substr(0, dots));
  return {first, dots == std::string::npos ? first : std::stoull(arguments.seeds.substr(dots + 2))};
}

bool wanted(const Arguments& arguments, std::string_view family) {
  return arguments.families.empty() ||
         std::find(arguments.families.begin(), arguments.families.end(), family) !=
             arguments.families.end();
}

class Run {
 public:
  explicit Run(const Arguments& arguments) : arguments_(arguments), kinds_(engine_and_baselines()) {
    if (arguments.engine_only) kinds_.resize(2);  // alerts and suspicions
    for (const JudgeKind& kind : kinds_) results_.judges.push_back(kind.name);
  }

  void family(const Family& family) {
    if (!wanted(arguments_, family.name)) return;
    FamilyResult& result = begin(std::string(family.name), family.leaks, family.looks_like_a_leak);
    const auto [first, last] = seed_range(arguments_);
    for (std::uint64_t seed = first; seed <= last; ++seed) {
      add(generate(family, seed), result);
    }
  }

  void real(const std::vector<Series>& series) {
    FamilyResult& clean = begin("real", false);
    for (const Series& one : series) add(one, clean);
    FamilyResult& leaks = begin("real_leak", true);
    const std::uint64_t seed = seed_range(arguments_).first;
    for (const Series& one : series) add(with_leak(one, seed + leaks.by_judge[0].size()), leaks);
  }

  // One signal through the engine alone, samples made beforehand.
  void cost() {
    const Series series = generate(all_families().front(), kFirstReported);
    double samples = 0;
    // Processor time: what else the machine does is no cost of ours.
    const std::clock_t start = std::clock();
    double spent_seconds = 0;
    while (spent_seconds < 1) {
      play(series, kinds_.front());
      samples += static_cast<double>(series.samples.size());
      spent_seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    }
    results_.samples_per_second = samples / spent_seconds;
  }

  [[nodiscard]] const Results& results() const { return results_; }

 private:
  FamilyResult& begin(std::string name, bool leaks, bool looks_like_a_leak = false) {
    results_.families.push_back(
        {std::move(name), leaks, looks_like_a_leak, std::vector<Outcomes>(kinds_.size())});
    return results_.families.back();
  }
  void add(const Series& series, FamilyResult& result) const {
    for (std::size_t j = 0; j < kinds_.size(); ++j) {
      result.by_judge[j].push_back(play(series, kinds_[j]));
    }
    const Outcome& engine = result.by_judge[0].back();
    const bool wrong = engine.false_alarms > 0 || (engine.leaks && !engine.delay_minutes);
    if (arguments_.explain && wrong) fmt::print(stderr, "{}", diagnose(series));
  }

  const Arguments& arguments_;
  std::vector<JudgeKind> kinds_;
  Results results_;
};

int check(const Results& results, const std::string& file) {
  std::ifstream in(file);
  if (!in) {
    fmt::print(stderr, "detection_bench: cannot read {}\n", file);
    return 2;
  }
  std::ostringstream text;
  text << in.rdbuf();
  const auto broken = broken_limits(text.str(), measures(results, 0));
  if (!broken) {
    fmt::print(stderr, "detection_bench: {}: {}\n", file, broken.error().message);
    return 2;
  }
  for (const std::string& line : *broken) fmt::print(stderr, "broken: {}\n", line);
  return broken->empty() ? 0 : 1;
}

int judge_traces(const Arguments& arguments) {
  const auto traces = load_go_traces(arguments.traces);
  if (!traces) {
    fmt::print(stderr, "detection_bench: {}\n", traces.error().message);
    return 2;
  }
  DetectionOptions options = default_detection();
  if (arguments.cold_start_minutes) {
    options.cold_start_span = std::chrono::minutes(*arguments.cold_start_minutes);
  }
  fmt::print("{}", trace_table(*traces, options));
  return 0;
}

int print_gates(const std::string& file) {
  std::ifstream in(file);
  if (!in) {
    fmt::print(stderr, "detection_bench: cannot read {}\n", file);
    return 2;
  }
  fmt::print("{}", gates_of(in, default_detection()));
  return 0;
}

int run(const Arguments& arguments) {
  if (!arguments.gates.empty()) return print_gates(arguments.gates);
  if (!arguments.traces.empty()) return judge_traces(arguments);
  Run run(arguments);
  for (const Family& family : all_families()) run.family(family);
  if (!arguments.real.empty()) {
    const auto series = read_real_series(arguments.real);
    if (!series) {
      fmt::print(stderr, "detection_bench: {}\n", series.error().message);
      return 2;
    }
    run.real(*series);
  }
  run.cost();
  if (arguments.json)
    print_json(run.results());
  else
    print_table(run.results());
  return arguments.require.empty() ? 0 : check(run.results(), arguments.require);
}

}  // namespace
}  // namespace soakwatch::bench

int main(int argc, char** argv) {
  using soakwatch::bench::Arguments;
  Arguments arguments;
  CLI::App app{"How right the detection engine is, next to the rules that people use today."};
  app.add_option("--seeds", arguments.seeds,
                 "A..B; tune on seeds below 1001, report on others (1001..1400)")
      ->check(CLI::Validator(
          [](const std::string& text) {
            const bool ok = !text.empty() && text.size() < 40 &&
                            text.find_first_not_of("0123456789.") == std::string::npos &&
                            text.front() != '.' && text.back() != '.';
            return ok ? std::string() : std::string("not A..B");
          },
          "A..B"));
  app.add_flag("--quick", arguments.quick, "100 series of each family, under a minute");
  app.add_option("--family", arguments.families, "only this one; may be repeated");
  app.add_flag("--json", arguments.json, "every measure of every judge");
  app.add_flag("--explain", arguments.explain,
               "the engine's gates, where it was wrong (on stderr)");
  app.add_flag("--engine-only", arguments.engine_only, "without the baselines");
  app.add_option("--real", arguments.real, "a folder of recorded series, time_s,mem_util_percent");
  app.add_option("--traces", arguments.traces,
                 "a folder of recorded Go programs (tests/bench/detection/traces): only these");
  app.add_option("--cold-start", arguments.cold_start_minutes,
                 "minutes, of the traces: they are shorter than the default")
      ->check(CLI::Range(0, 10080));
  app.add_option("--gates", arguments.gates,
                 "a CSV of hours,bytes: only what each gate said of its windows, as lines of JSON");
  app.add_option("--require", arguments.require,
                 "a file of limits; exit status 1 when one is broken");
  CLI11_PARSE(app, argc, argv);
  return soakwatch::bench::run(arguments);
}
