#include "cli/command.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <vector>

#include "config/load_config.h"
#include "config/paths.h"
#include "config/suggest.h"
#include "config/target_spec.h"
#include "config/units.h"
#include "model/printable.h"

namespace soakwatch {

int report_error(const Error& error) {
  std::fprintf(stderr, "soakwatch: %s\n", error.message.c_str());
  return error.kind == ErrorKind::kInvalid ? kExitUsage : kExitError;
}

Result<Config> foreground_config(const ConfigFlags& flags, const std::string& words,
                                 const std::vector<std::string>& command) {
  auto config = effective_config(flags);
  if (!config) return config;
  TargetSpec spec;
  if (command.empty()) {
    auto parsed = parse_target_spec(words);
    if (!parsed) return parsed.error();
    spec = *parsed;
    if (auto checked = check_expression(spec); !checked) return checked.error();
  } else {
    spec.kind = TargetKind::kCommand;
    spec.command = command;
  }
  for (const Target& known : config->targets) {
    if (known.spec == spec || known.name == words) {
      config->targets = {Target(known)};
      return config;
    }
  }
  config->targets = {{default_target_name(spec), spec, config->sampling.interval}};
  return config;
}

void add_database_option(CLI::App& command, std::optional<std::filesystem::path>& database) {
  command
      .add_option(
          "--db", database,
          "Database; without it $SOAKWATCH_DB, storage.database of the configuration file in its "
          "usual place, or ~/.local/state/soakwatch/soakwatch.db (root: /var/lib/soakwatch)")
      ->check([](const std::string& text) {
        return text.empty() ? std::string("needs the name of a file") : std::string();
      })
      ->type_name("FILE");
}

std::filesystem::path database_or_default(const std::optional<std::filesystem::path>& database) {
  if (database) return *database;
  const Surroundings around = this_process();
  std::filesystem::path standard = default_database(around);
  if (const auto chosen = around.environment("SOAKWATCH_DB"); chosen && !chosen->empty())
    return standard;
  const std::filesystem::path file = default_config_file(around);
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return standard;
  const auto config = load_config(file, around);
  if (config) return config->storage.database.empty() ? standard : config->storage.database;
  const std::string& message = config.error().message;
  std::fprintf(stderr, "soakwatch: warning: the configuration is not used: %s\n",
               message.substr(0, message.find('\n')).c_str());
  return standard;
}

Result<WallTime> parse_time_argument(const std::string& text, WallTime now) {
  if (auto ago = parse_duration(text)) return now - *ago;
  if (auto time = parse_iso8601(text)) return *time;
  return invalid("'" + printable(text) +
                 "' is neither a duration such as 12h nor a time such as 2026-11-20T08:40:00Z");
}

Result<CaptureKind> parse_capture_kind(const std::string& text) {
  if (const auto kind = capture_kind_from_string(text)) return *kind;
  static constexpr std::array<std::string_view, 7> kKinds{"heap",  "allocs", "goroutine", "cpu",
                                                          "trace", "fds",    "mappings"};
  return invalid(
      fmt::format("'{}' is no kind of capture{}; there are heap, allocs, goroutine, cpu, trace, "
                  "fds and mappings",
                  printable(text, 60), did_you_mean(text, kKinds)));
}

Result<void> check_target_exists(SampleReader& reader, const std::string& name) {
  auto targets = reader.targets();
  if (!targets) return targets.error();
  std::vector<std::string_view> names;
  for (const TargetRow& target : *targets) {
    if (target.name == name) return {};
    names.push_back(target.name);
  }
  if (names.empty()) return not_found("the database holds no target yet");
  std::string known;
  for (std::size_t i = 0; i < names.size() && i < 10; ++i) {
    known += (i > 0 ? ", " : "") + printable(names[i]);
  }
  return not_found("no target '" + printable(name) + "' in the database" +
                   did_you_mean(name, names) + " (there is: " + known + ")");
}

}  // namespace soakwatch
