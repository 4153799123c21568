#include "daemon/command_line.h"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "config/suggest.h"

namespace soakwatch {

int report_parse_error(const CLI::App& app, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::Success*>(&error) != nullptr) return app.exit(error);
  const CLI::App* command = &app;
  std::string name = app.get_name();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    name += " " + command->get_name();
  }
  std::vector<std::string> options;
  for (const CLI::Option* option : command->get_options()) {
    for (const std::string& word : option->get_lnames()) options.push_back("--" + word);
  }
  const std::vector<std::string_view> candidates(options.begin(), options.end());
  std::string hint;
  for (const std::string& word : command->remaining()) hint += did_you_mean(word, candidates);
  std::fprintf(stderr, "%s: %s%s\nSee `%s --help`.\n", app.get_name().c_str(), error.what(),
               hint.c_str(), name.c_str());
  return kExitUsage;
}

}  // namespace soakwatch
