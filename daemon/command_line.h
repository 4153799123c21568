// What both programs do with a command line that they do not understand.
#pragma once

#include <CLI/CLI.hpp>

namespace soakwatch {

inline constexpr int kExitUsage = 2;

// Says on stderr what is wrong, with a "did you mean" for a slip of the fingers, and where help is.
// Also serves --help and --version, which CLI11 reports in the same way. Returns the exit status.
int report_parse_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace soakwatch
