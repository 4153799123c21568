#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "cli/command.h"
#include "cli/compare/comparisons.h"
#include "cli/compare/run_output.h"
#include "cli/terminal.h"
#include "config/units.h"
#include "daemon/options.h"

namespace soakwatch {
namespace {

Result<DetectionOptions> options_of(const CompareArguments& args) {
  ConfigFlags flags;
  flags.config_file = args.config;
  auto config = effective_config(flags);
  if (!config) return invalid(config.error().message);
  config->detection.enabled = true;
  DetectionOptions options = detection_options(*config, {});
  if (args.warm_up) {
    const auto warm_up = parse_duration(*args.warm_up);
    if (!warm_up) return warm_up.error().in("--warm-up");
    options.warm_up = *warm_up;
  }
  return options;
}

int exit_status(const CompareArguments& args, const RunsComparison& comparison) {
  if (!args.fail_on_leak) return kExitDone;
  if (has(comparison, Difference::kGrowsInB)) return kExitLeak;
  const bool open =
      std::any_of(comparison.signals.begin(), comparison.signals.end(),
                  [](const SignalComparison& s) { return is_open(s.result.difference); });
  return open || comparison.signals.empty() ? kExitInconclusive : kExitDone;
}

}  // namespace

RunsComparison compared(Run baseline, Run candidate, const DetectionOptions& options) {
  RunsComparison comparison{std::move(baseline), std::move(candidate), options.warm_up, {}};
  for (std::size_t i = 0; i < options.signals.size(); ++i) {
    const SignalOptions& signal = options.signals[i];
    SignalComparison one{comparison.baseline.signals[i], comparison.candidate.signals[i], {}};
    if (!one.a.read && !one.b.read) continue;
    if (one.a.course && one.b.course) {
      const RunSize size{signal.min_growth, signal.min_growth_ratio, options.levelling_off_ratio};
      one.result = compare_courses(*one.a.course, *one.b.course, size);
    } else {
      one.result.difference =
          one.a.read && one.b.read ? Difference::kTooShort : Difference::kNotRead;
    }
    comparison.signals.push_back(one);
  }
  return comparison;
}

int compare_runs(const CompareArguments& args, const std::filesystem::path& baseline,
                 const std::filesystem::path& candidate) {
  const auto options = options_of(args);
  if (!options) return report_error(options.error());
  auto a = read_run(baseline, args.target, *options);
  if (!a) return report_error(a.error());
  auto b = read_run(candidate, args.target, *options);
  if (!b) return report_error(b.error());
  const auto before = last_captures(*a);
  if (!before) return report_error(before.error());
  const auto after = last_captures(*b);
  if (!after) return report_error(after.error());
  const StoredSide first{baseline, *before};
  const StoredSide second{candidate, *after};
  if (args.top) {
    const auto profiles = profiles_of(first, second, args.kind);
    if (!profiles) return report_error(profiles.error());
    return print_top(args, profiles->before, profiles->after);
  }
  const RunsComparison comparison = compared(std::move(*a), std::move(*b), *options);
  const StoredPairs pairs = pairs_of(first, second, args.kind);
  const std::string text =
      args.json ? boost::json::serialize(runs_json(comparison, pairs)) + "\n"
                : runs_text(comparison, pairs, args.nodes, wants_color(Stream::kOut));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_status(args, comparison);
}

}  // namespace soakwatch
