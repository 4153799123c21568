// From the command line to the configuration that counts: file, then flags, then checks.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "model/result.h"

namespace soakwatch {

// What the command line said. Absent: not said.
struct ConfigFlags {
  std::optional<std::filesystem::path> config_file;
  std::vector<std::string> targets;  // SPECs; when any is given, the file's targets do not count
  std::optional<std::filesystem::path> database;
  std::optional<std::string> interval;
  std::optional<std::string> log_level;
};

// A file that was named must exist; the default one need not. The error's text has a line per
// mistake.
Result<Config> effective_config(const ConfigFlags& flags);

// Whether the expression of a cmdline target can be used; nothing to say about other targets. The
// part of the check that config/ cannot do: it does not know who matches.
Result<void> check_expression(const TargetSpec& spec);

}  // namespace soakwatch
