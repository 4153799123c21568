#include "config/load_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "config/keys.h"
#include "config/suggest.h"
#include "config/target_spec.h"
#include "config/yaml_tree.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

// The whole path of the section that holds `key`, where another one than asked does: a key that
// slipped out of its section is the commonest mistake after a slip of the pen.
std::string section_holding(std::string_view key, const std::vector<Section>& sections,
                            const std::string& path) {
  for (const Section& section : sections) {
    std::string inner = path + std::string(section.name);
    for (const auto& candidate : section.keys) {
      if (candidate.name == key) return inner;
    }
    if (std::string found = section_holding(key, section.sections, inner + "."); !found.empty()) {
      return found;
    }
  }
  return {};
}

void refuse_unknown_key(const YamlNode& key, std::string_view where,
                        const std::vector<std::string_view>& known, Mistakes& mistakes) {
  std::string hint = did_you_mean(key.text, known);
  if (hint.empty()) {
    const std::string section = section_holding(key.text, config_sections(), "");
    if (!section.empty()) hint = "; it belongs under '" + section + "'";
  }
  mistakes.add(key.line, key.column,
               fmt::format("unknown key '{}' {}{}", printable(key.text, 60), where, hint));
}

// An empty section is one whose keys all stand in comments.
bool is_section(const YamlNode& node, std::string_view name, Mistakes& mistakes) {
  if (node.kind == YamlNode::Kind::kMap || node.kind == YamlNode::Kind::kNull) return true;
  mistakes.add(node.line, node.column,
               fmt::format("'{}' is a section of keys, not {}", name, node.kind_name()));
  return false;
}

void load_section(const YamlNode& node, const Section& section, const std::string& path,
                  Config& config, Mistakes& mistakes) {
  if (!is_section(node, path, mistakes)) return;
  std::vector<std::string_view> known;
  for (const auto& key : section.keys) known.push_back(key.name);
  for (const auto& inner : section.sections) known.push_back(inner.name);
  for (const auto& [name, value] : node.entries) {
    bool found = false;
    for (const auto& key : section.keys) {
      if (key.name != name.text) continue;
      key.read(value, config, mistakes);
      found = true;
    }
    for (const auto& inner : section.sections) {
      if (inner.name != name.text) continue;
      load_section(value, inner, path + "." + std::string(inner.name), config, mistakes);
      found = true;
    }
    if (!found) refuse_unknown_key(name, fmt::format("in '{}'", path), known, mistakes);
  }
}

// "match: name:sidecar" with a blank behind the inner colon is a section to YAML, a SPEC to a
// person.
std::string spec_with_blank(const YamlNode& node) {
  if (node.entries.size() != 1 || node.entries[0].value.kind != YamlNode::Kind::kScalar) return {};
  const std::string text = node.entries[0].key.text + ":" + node.entries[0].value.text;
  return parse_target_spec(text)
             ? fmt::format("; write '{}' without a blank to match that", printable(text, 80))
             : std::string();
}

std::optional<TargetSpec> spec_of(const YamlNode& node, const TargetEntry& entry,
                                  Mistakes& mistakes) {
  if (!entry.command.empty() && !entry.match.empty()) {
    mistakes.add(node.line, node.column, "a target has either 'match' or 'command', not both");
    return std::nullopt;
  }
  TargetSpec spec;
  if (!entry.command.empty()) {
    if (entry.command[0].empty()) {
      mistakes.add(node.line, node.column, "the command of the target begins with an empty text");
      return std::nullopt;
    }
    spec.kind = TargetKind::kCommand;
    spec.command = entry.command;
  } else if (const auto parsed = parse_target_spec(entry.match)) {
    spec = *parsed;
    if (entry.pprof != "auto" && spec.pprof != PprofMode::kAuto) {
      mistakes.add(node.line, node.column, "pprof stands both in 'match' and beside it");
    }
  } else {
    mistakes.add(node.line, node.column,
                 "a target needs 'match' or 'command'" + spec_with_blank(node));
    return std::nullopt;
  }
  if (entry.pprof != "auto") spec = with_pprof(std::move(spec), entry.pprof).value();
  return spec;
}

// Nothing when the target is unusable; then a mistake says why.
std::optional<Target> load_target(const YamlNode& node, const Config& config, Mistakes& mistakes) {
  Target target;
  target.interval = config.sampling.interval;
  if (node.kind == YamlNode::Kind::kScalar) {
    auto spec = parse_target_spec(node.text);
    if (!spec) {
      mistakes.add(node.line, node.column, spec.error().message);
      return std::nullopt;
    }
    target.spec = *std::move(spec);
    target.name = default_target_name(target.spec);
    return target;
  }
  if (node.kind != YamlNode::Kind::kMap) {
    mistakes.add(node.line, node.column,
                 fmt::format("a target is a SPEC such as name:sidecar, or a section, not {}",
                             node.kind_name()));
    return std::nullopt;
  }
  std::vector<std::string_view> known;
  for (const auto& key : target_keys()) known.push_back(key.name);
  TargetEntry entry;
  Mistakes own;
  for (const auto& [name, value] : node.entries) {
    const auto key = std::find_if(target_keys().begin(), target_keys().end(),
                                  [&word = name.text](const auto& k) { return k.name == word; });
    if (key != target_keys().end()) {
      key->read(value, entry, own);
    } else {
      refuse_unknown_key(name, "of a target", known, own);
    }
  }
  std::optional<TargetSpec> spec;
  // With a key that was refused, "needs 'match'" would only repeat it.
  if (own.empty() || !spec_with_blank(node).empty()) spec = spec_of(node, entry, own);
  for (ConfigError& error : own.take()) {
    mistakes.add(error.line, error.column, std::move(error.message));
  }
  if (!spec) return std::nullopt;
  target.spec = *std::move(spec);
  target.name = entry.name.empty() ? default_target_name(target.spec) : entry.name;
  target.interval = entry.interval.value_or(target.interval);
  return target;
}

void load_targets(const YamlNode& node, Config& config, Mistakes& mistakes) {
  if (node.kind == YamlNode::Kind::kNull) return;
  if (node.kind != YamlNode::Kind::kSequence) {
    mistakes.add(node.line, node.column,
                 fmt::format("'targets' is a list, each line beginning with '- ', not {}",
                             node.kind_name()));
    return;
  }
  if (node.items.size() > kMaxTargets) {
    mistakes.add(node.line, node.column, fmt::format("more than {} targets", kMaxTargets));
    return;
  }
  std::map<std::string, int> line_of_name;
  for (const YamlNode& item : node.items) {
    auto target = load_target(item, config, mistakes);
    if (!target) continue;
    const auto [first, fresh] = line_of_name.emplace(target->name, item.line);
    if (!fresh) {
      mistakes.add(item.line, item.column,
                   fmt::format("the target in line {} is called '{}' already; give one of them "
                               "another name",
                               first->second, printable(target->name)));
      continue;
    }
    config.targets.push_back(*std::move(target));
  }
}

Result<std::string> read_file(const fs::path& file) {
  std::error_code error;
  const auto status = fs::status(file, error);
  if (status.type() == fs::file_type::not_found) {
    return not_found(fmt::format("{}: no such file", printable(file.native())));
  }
  if (status.type() == fs::file_type::directory) {
    return invalid(fmt::format("{}: is a folder, not a file", printable(file.native())));
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return Error{ErrorKind::kDenied, fmt::format("{}: cannot be opened", printable(file.native()))};
  }
  std::string text(kMaxConfigBytes + 1, '\0');  // one more than allowed shows that there is more
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) {
    return Error{ErrorKind::kIo, fmt::format("{}: cannot be read", printable(file.native()))};
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

LoadedConfig parse_config(std::string_view text) {
  LoadedConfig loaded;
  Mistakes mistakes;
  const YamlNode root = parse_yaml(text, mistakes);
  std::vector<std::string_view> known;
  for (const Section& section : config_sections()) known.push_back(section.name);
  known.push_back("targets");
  const YamlNode* targets = nullptr;
  if (root.kind != YamlNode::Kind::kMap && root.kind != YamlNode::Kind::kNull) {
    mistakes.add(
        root.line, root.column,
        fmt::format("the file holds sections such as 'sampling:', not {}", root.kind_name()));
  }
  for (const auto& [name, value] : root.entries) {
    if (name.text == "targets") {
      targets = &value;
      continue;
    }
    const auto section =
        std::find_if(config_sections().begin(), config_sections().end(),
                     [&word = name.text](const Section& s) { return s.name == word; });
    if (section != config_sections().end()) {
      load_section(value, *section, name.text, loaded.config, mistakes);
    } else {
      refuse_unknown_key(name, "at the top", known, mistakes);
    }
  }
  // Last, because sampling.interval is the default of each.
  if (targets != nullptr) load_targets(*targets, loaded.config, mistakes);
  loaded.errors = mistakes.take();
  return loaded;
}

Result<Config> load_config(const fs::path& file, const Surroundings& around) {
  const auto text = read_file(file);
  if (!text) return text.error();
  LoadedConfig loaded = parse_config(*text);
  if (!loaded.errors.empty()) {
    std::string message;
    for (const ConfigError& error : loaded.errors) {
      if (!message.empty()) message += '\n';
      message += fmt::format("{}:{}:{}: {}", printable(file.native()), error.line, error.column,
                             error.message);
    }
    return invalid(std::move(message));
  }
  Config& config = loaded.config;
  for (fs::path* path :
       {&config.alerts.jsonl, &config.storage.database, &config.storage.live_csv}) {
    *path = expand_home(*path, around);
  }
  return config;
}

}  // namespace soakwatch
