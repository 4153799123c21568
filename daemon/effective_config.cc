#include "daemon/effective_config.h"

#include "collectors/procfs/command_pattern.h"
#include "config/load_config.h"
#include "config/paths.h"
#include "config/target_spec.h"
#include "config/units.h"
#include "detectors/floor_gates.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

Result<Config> base_config(const ConfigFlags& flags, const Surroundings& around) {
  if (flags.config_file) return load_config(*flags.config_file);
  const auto file = default_config_file(around);
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return Config{};
  return load_config(file);
}

Result<void> apply_targets(const ConfigFlags& flags, Config& config) {
  if (flags.targets.empty()) return {};
  config.targets.clear();
  for (const std::string& text : flags.targets) {
    auto spec = parse_target_spec(text);
    if (!spec) return spec.error().in("--target " + text);
    config.targets.push_back({default_target_name(*spec), *spec, config.sampling.interval});
  }
  return {};
}

// The order gate allows fewer wrong pairs the shorter the window and the smaller the chance; below
// none at all nothing could ever be found.
std::string detection_mistake(const Config& config) {
  const DetectionConfig& d = config.detection;
  if (!d.enabled) return {};
  FloorTrendOptions options;
  options.blocks = {d.block, d.levels, d.window_blocks};
  options.false_alarms_per_day = d.false_alarms_per_day;
  if (can_find_growth(options)) return {};
  return "detection: with these window_blocks, block and false_alarms_per_day nothing could ever "
         "be "
         "found; give more window_blocks";
}

}  // namespace

Result<Config> effective_config(const ConfigFlags& flags) {
  const Surroundings around = this_process();
  auto config = base_config(flags, around);
  if (!config) return config;
  if (flags.interval) {
    auto interval = parse_duration(*flags.interval);
    if (!interval) return interval.error().in("--interval");
    config->sampling.interval = *interval;
    for (Target& target : config->targets) target.interval = *interval;
  }
  if (auto applied = apply_targets(flags, *config); !applied) return applied.error();
  if (flags.database && flags.database->empty()) return invalid("--db: a file name is missing");
  if (flags.database) config->storage.database = *flags.database;
  // As the commands that read it: the flag, $SOAKWATCH_DB, the file, the default.
  const bool by_environment =
      !flags.database && !around.environment("SOAKWATCH_DB").value_or("").empty();
  if (by_environment || config->storage.database.empty()) {
    config->storage.database = default_database(around);
  }
  if (flags.log_level) config->log.level = *flags.log_level;
  std::vector<std::string> mistakes = check_config(*config);
  for (const Target& target : config->targets) {
    if (auto checked = check_expression(target.spec); !checked)
      mistakes.push_back(checked.error().message);
  }
  if (auto mistake = detection_mistake(*config); !mistake.empty()) mistakes.push_back(mistake);
  if (mistakes.empty()) return config;
  std::string text;
  for (const std::string& mistake : mistakes) text += (text.empty() ? "" : "\n") + mistake;
  return invalid(text);
}

Result<void> check_expression(const TargetSpec& spec) {
  if (spec.kind != TargetKind::kCmdline) return {};
  if (auto pattern = CommandPattern::compile(spec.value); !pattern)
    return pattern.error().in(printable(to_string(spec)));
  return {};
}

}  // namespace soakwatch
