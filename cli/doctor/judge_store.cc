// Configuration, database and its disk.
#include <fmt/format.h>

#include "cli/doctor/judgement.h"
#include "model/printable.h"
#include "report/words.h"

namespace soakwatch {
namespace {

using State = StoreFacts::State;

constexpr std::int64_t kWarnFreeBytes = std::int64_t{1} << 30;
constexpr std::int64_t kFailFreeBytes = std::int64_t{64} << 20;
constexpr std::int64_t kMaxWalBytes = std::int64_t{64} << 20;
constexpr std::size_t kMaxMistakes = 20;

std::string bytes(std::int64_t count) { return format_bytes(static_cast<double>(count)); }

// An editor, because the file is a person's: it may hold an empty list already, and a key that
// stands there twice is a mistake.
std::string edit_command(const ConfigFacts& config) {
  return fmt::format("{1} {0} && soakwatchd --config {0} --check-config", shell_word(config.file),
                     config.writable ? "editor" : "sudoedit");
}

DoctorLine judge_config(const ConfigFacts& config) {
  const std::string file = shell_word(config.file);
  if (!config.found && config.named) {
    return {Health::kFail,
            "configuration",
            config.file + " is not there",
            "soakwatchd --show-config > " + file,
            {}};
  }
  if (!config.found) {
    return {
        Health::kWarn,
        "configuration",
        "none at " + config.file + ": defaults count, and the daemon has nothing to watch",
        fmt::format("mkdir -p \"$(dirname {0})\" && printf 'targets:\\n  - name:sidecar\\n' > {0}",
                    file),
        {}};
  }
  if (!config.mistakes.empty()) {
    DoctorLine line{Health::kFail, "configuration",
                    fmt::format("{}: {} {}", config.file, config.mistakes.size(),
                                config.mistakes.size() == 1 ? "mistake" : "mistakes"),
                    edit_command(config), config.mistakes};
    if (line.details.size() > kMaxMistakes) line.details.resize(kMaxMistakes);
    return line;
  }
  if (config.targets == 0) {
    return {Health::kWarn,
            "configuration",
            config.file + " is valid and names no target",
            edit_command(config) +
                (config.targets_line > 0
                     ? fmt::format("    # what `targets:` in line {} holds becomes [name:sidecar], "
                                   "with the name of your program",
                                   config.targets_line)
                     : std::string("    # add a line `targets: [name:sidecar]`, with the name of "
                                   "your program")),
            {}};
  }
  return {Health::kPass,
          "configuration",
          fmt::format("{}: valid, {} {}", config.file, config.targets,
                      config.targets == 1 ? "target" : "targets"),
          {},
          {}};
}

DoctorLine judge_database(const DoctorFacts& facts) {
  const StoreFacts& store = facts.store;
  const std::string file = shell_word(store.file);
  switch (store.state) {
    case State::kReadable:
      return {Health::kPass,
              "database",
              fmt::format("{}: readable, schema version {}", store.file, store.schema_version),
              {},
              {}};
    case State::kMissing:
      return {store.named ? Health::kFail : Health::kWarn,
              "database",
              store.file + " is not there: no daemon has written it yet",
              start_command(facts),
              {}};
    case State::kDenied:
      return {Health::kFail, "database", store.trouble, "sudo soakwatch doctor --db " + file, {}};
    case State::kOlder:
      return {Health::kWarn, "database", store.trouble, start_command(facts), {}};
    case State::kSilent:
      return {Health::kFail,
              "database",
              store.trouble,
              "cat /proc/mounts    # which of them is dead? `sudo umount -l` lets go of it",
              {}};
    case State::kNotOurs:
    case State::kBroken:
      break;
  }
  return {Health::kFail,
          "database",
          store.trouble,
          fmt::format("mv {0} {0}.aside    # with the daemon stopped; it makes a new one", file),
          {}};
}

DoctorLine judge_wal(const StoreFacts& store) {
  if (store.wal_bytes <= kMaxWalBytes) {
    return {Health::kPass, "write-ahead log", bytes(store.wal_bytes), {}, {}};
  }
  return {Health::kWarn,
          "write-ahead log",
          bytes(store.wal_bytes) + ": a program that reads the database holds it open for long",
          "fuser -v " + shell_word(store.file),
          {}};
}

DoctorLine judge_disk(const StoreFacts& store) {
  if (!store.free_bytes) {
    return {Health::kWarn,
            "disk",
            "the free space of " + store.folder + " cannot be found out",
            "df -h " + shell_word(store.folder),
            {}};
  }
  const std::string found = bytes(*store.free_bytes) + " free at " + store.folder;
  if (*store.free_bytes >= kWarnFreeBytes) return {Health::kPass, "disk", found, {}, {}};
  const bool fails = *store.free_bytes < kFailFreeBytes;
  return {fails ? Health::kFail : Health::kWarn,
          "disk",
          found + (fails ? ": nothing can be recorded for long"
                         : ": captures are refused below 512 MiB"),
          "du -xh " + shell_word(store.folder) + " | sort -h | tail    # what takes it",
          {}};
}

DoctorLine judge_captures(const DoctorFacts& facts) {
  const StoreFacts& store = facts.store;
  if (!store.capture_bytes) {
    return {Health::kWarn,
            "captures",
            store.captures_folder + " may not be read",
            "sudo ls -ld " + shell_word(store.captures_folder),
            {}};
  }
  const std::string found =
      fmt::format("{} of {} (evidence.max_size) in {}", bytes(*store.capture_bytes),
                  bytes(store.max_capture_bytes), store.captures_folder);
  if (*store.capture_bytes <= store.max_capture_bytes) {
    return {Health::kPass, "captures", found, {}, {}};
  }
  return {Health::kWarn,
          "captures",
          found + ": the daemon tidies up when it has this configuration",
          // A soak would end by it.
          store.writer_pid > 0 && store.writer_program == "soakwatchd"
              ? fmt::format("kill -HUP {}", store.writer_pid)
              : start_command(facts),
          {}};
}

DoctorLine judge_sqlite(const MachineFacts& machine) {
  return {Health::kPass,
          "SQLite",
          machine.sqlite_version +
              ": up to 3.51.2 two writers at once can harm a database in WAL mode; soakwatch is "
              "its only writer, open it with `sqlite3 -readonly`",
          {},
          {}};
}

}  // namespace

std::vector<DoctorLine> judge_store(const DoctorFacts& facts) {
  std::vector<DoctorLine> lines{judge_sqlite(facts.machine), judge_config(facts.config),
                                judge_database(facts)};
  if (facts.store.state == State::kSilent) return lines;
  lines.push_back(judge_disk(facts.store));
  if (facts.store.state == State::kMissing) return lines;
  lines.push_back(judge_wal(facts.store));
  lines.push_back(judge_captures(facts));
  return lines;
}

}  // namespace soakwatch
