// soakwatch doctor: is this machine fit, and what mends it where it is not.
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "cli/doctor/doctor_output.h"
#include "cli/doctor/probes.h"
#include "cli/doctor/within.h"
#include "cli/terminal.h"
#include "config/paths.h"
#include "config/target_spec.h"

namespace soakwatch {
namespace {

struct DoctorArguments {
  std::string spec;
  std::optional<std::filesystem::path> config_file;
  std::optional<std::filesystem::path> database;
  bool json = false;
};

// With --config, the database that this file names.
std::filesystem::path database_of(const DoctorArguments& args, const Config& config) {
  if (args.database) return *args.database;
  if (args.config_file && !config.storage.database.empty()) return config.storage.database;
  return database_or_default(std::nullopt);
}

constexpr const char* kSilence = "the file system does not answer: a network mount that is dead?";

ProbedConfig silent_config(const DoctorArguments& args) {
  ProbedConfig silent;
  silent.facts.file = args.config_file.value_or(default_config_file(this_process())).string();
  silent.facts.named = args.config_file.has_value();
  silent.facts.found = true;
  silent.facts.mistakes = {kSilence};
  return silent;
}

StoreFacts silent_store(const DoctorArguments& args) {
  StoreFacts silent;
  silent.file = args.database ? args.database->string() : std::string("the default database");
  silent.named = args.database.has_value();
  silent.state = StoreFacts::State::kSilent;
  silent.trouble = silent.file + ": " + kSilence;
  return silent;
}

// Configuration and database: of what lies on a disk.
Config probe_files(const DoctorArguments& args, DoctorFacts& facts) {
  const auto read_config = [file = args.config_file] { return probe_config(file); };
  ProbedConfig probed = within(kDiskTimeout, read_config).value_or(silent_config(args));
  facts.config = std::move(probed.facts);
  const auto read_store = [args, config = probed.config] {
    return probe_store(database_of(args, config), args.database.has_value(), config);
  };
  facts.store = within(kDiskTimeout, read_store).value_or(silent_store(args));
  return std::move(probed.config);
}

int examine(const DoctorArguments& args) {
  std::optional<TargetSpec> spec;
  if (!args.spec.empty()) {
    auto parsed = parse_target_spec(args.spec);
    if (!parsed) return report_error(parsed.error());
    if (auto checked = check_expression(*parsed); !checked) return report_error(checked.error());
    spec = std::move(*parsed);
  }
  DoctorFacts facts;
  facts.machine = probe_machine();
  const Config config = probe_files(args, facts);
  facts.services = probe_services(facts.machine.is_root);
  if (spec) facts.target = probe_target(*spec, config);
  const std::vector<DoctorLine> lines = judge(facts);
  if (args.json) {
    std::printf("%s\n", doctor_json(lines).c_str());
  } else {
    std::fputs(doctor_text(lines, wants_color(Stream::kOut)).c_str(), stdout);
  }
  return any_fails(lines) ? kExitError : kExitDone;
}

}  // namespace

void add_doctor_command(CLI::App& app, int& status) {
  auto args = std::make_shared<DoctorArguments>();
  CLI::App* command = app.add_subcommand(
      "doctor", "Is this machine fit, and what mends it; with SPEC, what may be read of a process");
  command->add_option("spec", args->spec, "Also look at this target: pid:1234, sidecar, port:6060")
      ->type_name("SPEC");
  command->add_option("--config", args->config_file, "Configuration file")->type_name("FILE");
  add_database_option(*command, args->database);
  command->add_flag("--json", args->json, "One JSON object");
  command->footer(
      "It reads only, and waits for nothing longer than a few seconds.\n"
      "Exit status: 0 nothing fails (there may be warnings), 1 something fails, 2 usage.\n"
      "\n"
      "Examples:\n"
      "  soakwatch doctor\n"
      "  soakwatch doctor sidecar\n"
      "  sudo soakwatch doctor --json unit:shop.service");
  command->callback([args, &status] { status = examine(*args); });
}

}  // namespace soakwatch
