// YAML to Config, and back. Nothing outside config/ sees YAML.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/paths.h"
#include "model/result.h"

namespace soakwatch {

// One mistake in a file: "FILE:LINE:COLUMN: message". Lines and columns count from 1, columns in
// bytes.
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
// levels deep; aliases are refused. After a syntax error it is the only one. Paths keep their "~/".
LoadedConfig parse_config(std::string_view text);

// Reads a file, parses it and expands "~/" at the start of its paths. Error: kInvalid with one
// "FILE:LINE:COLUMN: ..." line per mistake, or why the file cannot be read.
Result<Config> load_config(const std::filesystem::path& file,
                           const Surroundings& around = this_process());

// Checks that need the whole (also after flags were applied): limits of every key, targets and
// their unique names, keys that contradict. One sentence each; empty when fine.
std::vector<std::string> check_config(const Config& config);

// The effective configuration as YAML with every key, its unit and a comment; parse_config reads it
// back to the same Config, provided that check_config finds it fine and its texts are UTF-8.
std::string show_config(const Config& config);

}  // namespace soakwatch
