// What every subcommand shares. Each stands in a file of its own and adds itself to the program.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "daemon/command_line.h"
#include "daemon/effective_config.h"
#include "model/capture.h"
#include "model/result.h"
#include "model/timestamp.h"
#include "storage/sample_reader.h"

namespace soakwatch {

// The exit statuses of the contract, besides kExitUsage.
inline constexpr int kExitDone = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitLeak = 3;
inline constexpr int kExitInconclusive = 4;
inline constexpr int kExitTargetLost = 5;

inline constexpr const char* kProcRoot = "/proc";

// Each adds one subcommand, whose callback stores its exit status in `status`, which must outlive
// the parse.
// `command` is what stood behind `--`.
void add_watch_command(CLI::App& app, const std::vector<std::string>& command, int& status);
void add_soak_command(CLI::App& app, const std::vector<std::string>& command, int& status);
void add_export_command(CLI::App& app, int& status);
void add_import_command(CLI::App& app, int& status);
void add_analyze_command(CLI::App& app, int& status);
void add_alerts_command(CLI::App& app, int& status);
void add_capture_command(CLI::App& app, int& status);
void add_compare_command(CLI::App& app, int& status);
void add_doctor_command(CLI::App& app, int& status);
void add_report_command(CLI::App& app, int& status);
void add_salvage_command(CLI::App& app, int& status);
void add_status_command(CLI::App& app, int& status);
void add_mem_monitor_command(CLI::App& app, int& status);

// Prints "soakwatch: message" on stderr and returns the exit status for it.
int report_error(const Error& error);

// The configuration of a command that samples by itself: one target, of `spec` or of `command`
// where that is not empty. It keeps the name and interval that the file gives to this very target.
Result<Config> foreground_config(const ConfigFlags& flags, const std::string& spec,
                                 const std::vector<std::string>& command);

// --db FILE, as every command that reads the database has it.
void add_database_option(CLI::App& command, std::optional<std::filesystem::path>& database);
// What --db says, else $SOAKWATCH_DB, else storage.database of the configuration file in its usual
// place, else the default path. A configuration with a mistake is named on stderr and not used.
std::filesystem::path database_or_default(const std::optional<std::filesystem::path>& database);

// "12h" (ago) or an ISO 8601 time. `now` is the wall clock.
Result<WallTime> parse_time_argument(const std::string& text, WallTime now);

// One of the kinds of captures, with a "did you mean".
Result<CaptureKind> parse_capture_kind(const std::string& text);

// The names of the targets that are stored, as a "did you mean" for one that is not.
Result<void> check_target_exists(SampleReader& reader, const std::string& name);

}  // namespace soakwatch
