// YAML to Config, and back. The only part of soakwatch that knows YAML.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "model/result.h"

namespace soakwatch {

// One mistake in a file: "FILE:LINE:COLUMN: message". Lines and columns count from 1.
struct ConfigError {
  int line = 0;
  int column = 0;
  std::string message;
};

struct LoadedConfig {
  Config config;
  std::vector<ConfigError>
      errors;  // all of them, in the order of the file; empty when it is usable
};

// Parses and checks. `text` may be anything; never throws for what it contains. Unknown and
// duplicate keys, wrong types, octal-looking numbers, units missing or unknown, and impossible
// values are errors. Values that are wrong keep their default in `config`. At most 1 MiB and 64
// levels deep; aliases are refused.
LoadedConfig parse_config(std::string_view text);

// Reads a file and parses it; the error's message holds one "FILE:LINE:COLUMN: ..." line per
// mistake.
Result<Config> load_config(const std::filesystem::path& file);

// Checks that need the whole (also after flags were applied): unique target names, keys that
// contradict. Empty when fine.
std::vector<std::string> check_config(const Config& config);

// The effective configuration as YAML with every key, its unit and a comment; parse_config reads it
// back to the same Config.
std::string show_config(const Config& config);

}  // namespace soakwatch
