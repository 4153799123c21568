#include <fmt/format.h>

#include <map>
#include <set>

#include "config/keys.h"
#include "config/load_config.h"
#include "config/target_spec.h"
#include "config/value_kinds.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

void show_section(const Section& section, const Config& config, const std::string& indent,
                  std::string& out) {
  out += fmt::format("{}# {}\n{}{}:\n", indent, section.help, indent, section.name);
  const std::string inner = indent + "  ";
  for (const auto& key : section.keys) {
    out += fmt::format("{}# {} ({}{}{})\n", inner, key.help, key.type,
                       key.limits.empty() ? "" : ", ", key.limits);
    out += fmt::format("{}{}: {}\n", inner, key.name, key.write(config));
  }
  for (const auto& deeper : section.sections) show_section(deeper, config, inner, out);
}

std::string show_target(const Target& target) {
  std::string out = fmt::format("  - name: {}\n", quoted_yaml(target.name));
  TargetSpec bare = target.spec;
  bare.pprof = PprofMode::kAuto;
  if (bare.kind == TargetKind::kCommand) {
    out += fmt::format("    command: {}\n", ListKind::write(bare.command));
  } else {
    out += fmt::format("    match: {}\n", quoted_yaml(to_string(bare)));
  }
  out += fmt::format("    interval: {}\n", DurationKind::write(target.interval));
  switch (target.spec.pprof) {
    case PprofMode::kAuto:
      return out + "    pprof: auto\n";
    case PprofMode::kOff:
      return out + "    pprof: \"off\"\n";  // bare, other YAML readers take it for false
    case PprofMode::kUrl:
      break;
  }
  return out + fmt::format("    pprof: {}\n", quoted_yaml(target.spec.pprof_url));
}

void check_section(const Section& section, const std::string& path, const Config& config,
                   std::vector<std::string>& mistakes) {
  const std::string inner = path + std::string(section.name) + ".";
  for (const auto& key : section.keys) {
    if (const std::string mistake = key.check(config); !mistake.empty()) {
      mistakes.push_back(fmt::format("{}{}: {}", inner, key.name, mistake));
    }
  }
  for (const auto& deeper : section.sections) check_section(deeper, inner, config, mistakes);
}

void check_targets(const Config& config, std::vector<std::string>& mistakes) {
  if (config.targets.size() > kMaxTargets) {
    mistakes.push_back(fmt::format("more than {} targets", kMaxTargets));
  }
  std::set<std::string> names;
  for (const Target& target : config.targets) {
    const std::string name = printable(target.name);
    if (const std::string mistake = target_name_mistake(target.name); !mistake.empty()) {
      mistakes.push_back(fmt::format("target '{}': {}", name, mistake));
    }
    if (!names.insert(target.name).second) {
      mistakes.push_back(fmt::format("two targets are called '{}'; give one another name", name));
    }
    if (const std::string mistake = kTargetInterval.check(target.interval); !mistake.empty()) {
      mistakes.push_back(fmt::format("target '{}': interval {}", name, mistake));
    }
    if (target.spec.kind == TargetKind::kCommand) {
      if (target.spec.command.empty() || target.spec.command[0].empty()) {
        mistakes.push_back(fmt::format("target '{}': the command is empty", name));
      }
    } else if (const auto spec = parse_target_spec(to_string(target.spec)); !spec) {
      mistakes.push_back(fmt::format("target '{}': {}", name, spec.error().message));
    }
  }
}

}  // namespace

std::vector<std::string> check_config(const Config& config) {
  std::vector<std::string> mistakes;
  for (const Section& section : config_sections()) check_section(section, "", config, mistakes);
  check_targets(config, mistakes);
  // Two writers in one file destroy it.
  const std::pair<std::string_view, std::filesystem::path> files[] = {
      {"alerts.jsonl", config.alerts.jsonl.lexically_normal()},
      {"storage.database", config.storage.database.lexically_normal()},
      {"storage.live_csv", config.storage.live_csv.lexically_normal()}};
  std::map<std::filesystem::path, std::string_view> key_of_file;
  for (const auto& [key, file] : files) {
    if (file.empty()) continue;
    const auto [first, fresh] = key_of_file.emplace(file, key);
    if (!fresh) mistakes.push_back(fmt::format("{} and {} are the same file", first->second, key));
  }
  return mistakes;
}

std::string show_config(const Config& config) {
  std::string out;
  for (const Section& section : config_sections()) {
    if (!out.empty()) out += '\n';
    show_section(section, config, "", out);
  }
  out += fmt::format("\n# {}\n", kTargetsHelp);
  if (config.targets.empty()) return out + "targets: []\n";
  out += "targets:\n";
  for (const Target& target : config.targets) out += show_target(target);
  return out;
}

}  // namespace soakwatch
