#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "cli/doctor/probes.h"
#include "config/paths.h"
#include "daemon/effective_config.h"
#include "storage/capture_folder.h"
#include "storage/lock_file.h"
#include "storage/sample_reader.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;
using StoreState = StoreFacts::State;

StoreState state_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kNotFound:
      return StoreState::kMissing;
    case ErrorKind::kDenied:
      return StoreState::kDenied;
    case ErrorKind::kUnavailable:
      return StoreState::kOlder;
    case ErrorKind::kInvalid:
      return StoreState::kNotOurs;
    default:
      return StoreState::kBroken;
  }
}

fs::path nearest_folder(const fs::path& file) {
  std::error_code error;
  fs::path folder = fs::absolute(file, error).parent_path();
  while (!fs::is_directory(folder, error) && folder.has_relative_path()) {
    folder = folder.parent_path();
  }
  return folder;
}

std::optional<std::int64_t> free_bytes(const fs::path& folder) {
  struct statvfs system {};
  if (::statvfs(folder.c_str(), &system) != 0) return std::nullopt;
  return static_cast<std::int64_t>(system.f_bavail) * static_cast<std::int64_t>(system.f_frsize);
}

// Unlike CaptureFolder, of any owner: root may look at the service's.
std::optional<std::int64_t> captured_bytes(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator at(folder, error);
  if (error == std::errc::no_such_file_or_directory) return 0;
  std::int64_t bytes = 0;
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    if (!is_capture_file_name(at->path().filename().string())) continue;
    std::error_code gone;
    const auto size = at->file_size(gone);
    if (!gone) bytes += static_cast<std::int64_t>(size);
  }
  if (error) return std::nullopt;
  return bytes;
}

milliseconds interval_of(const std::string& name, const Config& config) {
  if (name == kSelfTargetName) return config.self.interval;
  const auto at = std::find_if(config.targets.begin(), config.targets.end(),
                               [&](const Target& target) { return target.name == name; });
  return at == config.targets.end() ? config.sampling.interval : at->interval;
}

Result<std::vector<RunningTarget>> running_targets(SampleReader& reader, const Config& config) {
  auto targets = reader.targets();
  if (!targets) return targets.error();
  std::vector<RunningTarget> running;
  for (const TargetRow& target : *targets) {
    auto instances = reader.instances(target.id);
    if (!instances) return instances.error();
    for (const InstanceRow& instance : *instances) {
      if (instance.ended) continue;
      auto latest = reader.latest(instance.id);
      if (!latest) return latest.error();
      RunningTarget one{target.name, interval_of(target.name, config), {}};
      if (*latest) one.newest_sample = (*latest)->time;
      running.push_back(std::move(one));
    }
  }
  return running;
}

// Of a file that was found valid, so that it is no longer than a configuration may be.
std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The units know HOME, and no other variable of the one who asks.
void add_usual_places(ConfigFacts& facts) {
  const auto home_only = [](const char* name) -> std::optional<std::string> {
    if (std::string_view(name) != "HOME") return std::nullopt;
    return this_process().environment(name);
  };
  const Surroundings of_system{home_only, true};
  facts.of_system = {default_config_file(of_system).string(), default_database(of_system).string()};
  if (this_process().is_root) return;
  const Surroundings of_user{home_only, false};
  facts.of_user = {default_config_file(of_user).string(), default_database(of_user).string()};
}

// A service writes the database that its file names.
void add_named_database(const Config& config, ConfigFacts& facts) {
  const fs::path& database = config.storage.database;
  // This is what the configuration has where the file names none, or $SOAKWATCH_DB another one.
  if (database == default_database(this_process())) return;
  for (ServicePlaces* places : {&facts.of_system, &facts.of_user}) {
    if (places->config == facts.file) places->database = database.string();
  }
}

}  // namespace

int line_of_key(std::string_view yaml, std::string_view key) {
  int line = 1;
  while (true) {
    std::string_view rest = yaml;
    if (rest.starts_with(key)) {
      rest.remove_prefix(key.size());
      rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
      if (rest.starts_with(':')) return line;
    }
    const std::size_t end = yaml.find('\n');
    if (end == std::string_view::npos) return 0;
    yaml.remove_prefix(end + 1);
    ++line;
  }
}

ProbedConfig probe_config(const std::optional<fs::path>& named) {
  ProbedConfig probed;
  ConfigFacts& facts = probed.facts;
  const fs::path file = named.value_or(default_config_file(this_process()));
  facts.file = file.string();
  facts.named = named.has_value();
  add_usual_places(facts);
  std::error_code error;
  facts.found = fs::exists(file, error) || (error && error != std::errc::no_such_file_or_directory);
  if (!facts.found) return probed;
  facts.writable = ::access(file.c_str(), W_OK) == 0;
  ConfigFlags flags;
  flags.config_file = file;
  auto config = effective_config(flags);
  if (config) {
    probed.config = std::move(*config);
    facts.targets = probed.config.targets.size();
    add_named_database(probed.config, facts);
    if (facts.targets == 0) facts.targets_line = line_of_key(text_of(file), "targets");
    return probed;
  }
  std::istringstream lines(config.error().message);
  for (std::string line; std::getline(lines, line);) facts.mistakes.push_back(line);
  return probed;
}

StoreFacts probe_store(const fs::path& database, bool named, const Config& config) {
  StoreFacts facts;
  facts.file = database.string();
  facts.named = named;
  facts.schema_version = known_schema_version();
  const fs::path folder = nearest_folder(database);
  facts.folder = folder.string();
  facts.free_bytes = free_bytes(folder);
  const WriterState writer = writer_state(database);
  facts.writer_runs = writer.running;
  facts.writer_pid = writer.pid;
  facts.writer_program = writer.program;
  std::error_code error;
  const auto wal = fs::file_size(beside(database, "-wal"), error);
  if (!error) facts.wal_bytes = static_cast<std::int64_t>(wal);
  const fs::path captures = captures_folder(database);
  facts.captures_folder = captures.string();
  facts.capture_bytes = captured_bytes(captures);
  facts.max_capture_bytes = config.evidence.max_bytes;
  auto reader = SampleReader::open(database);
  if (!reader) {
    facts.state = state_of(reader.error());
    facts.trouble = reader.error().message;
    return facts;
  }
  facts.state = StoreState::kReadable;
  auto running = running_targets(*reader, config);
  if (running) {
    facts.running = std::move(*running);
  } else {
    facts.state = StoreState::kBroken;
    facts.trouble = running.error().message;
  }
  auto stats = reader->daemon_stats();
  if (stats && *stats && writer.running && (*stats)->pid == writer.pid) {
    facts.stats = **stats;
  }
  return facts;
}

}  // namespace soakwatch
