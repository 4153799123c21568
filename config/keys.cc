#include "config/keys.h"

#include <fmt/format.h>

#include <type_traits>
#include <utility>

#include "config/target_spec.h"
#include "config/value_kinds.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

constexpr auto kDay = std::chrono::hours(24);
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = kKiB * 1024;
constexpr std::int64_t kTiB = kMiB * 1024 * 1024;

// `member` leads from a Config, const or not, to the value.
template <class Member, class Kind>
Key<Config> key(std::string_view name, Member member, Kind kind, std::string_view help) {
  using Value = std::remove_cvref_t<decltype(member(std::declval<Config&>()))>;
  Key<Config> made;
  made.name = name;
  made.type = kind.type();
  const Config defaults;
  made.default_text = kind.write(member(defaults));
  made.limits = kind.limits();
  made.help = help;
  made.read = [member, kind](const YamlNode& node, Config& config, Mistakes& mistakes) {
    if (auto value = kind.read(node, mistakes)) {
      member(config) = static_cast<Value>(*std::move(value));
    }
  };
  made.write = [member, kind](const Config& config) { return kind.write(member(config)); };
  made.check = [member, kind](const Config& config) {
    return std::string(kind.check(member(config)));
  };
  return made;
}

std::string host_mistake(std::string_view host) {
  constexpr std::string_view kHostCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:";
  constexpr std::size_t kMaxHostBytes = 253;  // RFC 1035, a name in text form
  if (host.empty() || host.size() > kMaxHostBytes ||
      host.find_first_not_of(kHostCharacters) != std::string_view::npos) {
    return "a host name or an address is expected, without scheme, port or path";
  }
  return {};
}

std::string argument_mistake(std::string_view argument) {
  constexpr std::size_t kMaxArgumentBytes = std::size_t{128} << 10;  // MAX_ARG_STRLEN of the kernel
  if (argument.size() >= kMaxArgumentBytes) return "an argument has less than 128 KiB";
  if (argument.find('\0') != std::string_view::npos) return "an argument has no NUL in it";
  return {};
}

std::string match_mistake(std::string_view match) {
  const auto spec = parse_target_spec(match);
  return spec ? std::string() : spec.error().message;
}

std::string pprof_mistake(std::string_view text) {
  const auto spec = with_pprof({}, text);
  return spec ? std::string() : spec.error().message;
}

constexpr NumberKind kRatio{0, 1, "ratio"};
constexpr DurationKind kSearchInterval{100ms, 1h};
constexpr std::size_t kMaxArguments = 256;
constexpr std::size_t kMaxHosts = 64;

Section sampling() {
  return {"sampling",
          "How often the targets are looked at.",
          {key(
               "interval", [](auto& c) -> auto& { return c.sampling.interval; }, kTargetInterval,
               "Between two rounds of a target that names no interval of its own."),
           key(
               "detail_interval", [](auto& c) -> auto& { return c.sampling.detail_interval; },
               DurationKind{1s, kDay}, "Between two reads of smaps_rollup and maps, at least."),
           key(
               "detail_budget", [](auto& c) -> auto& { return c.sampling.detail_budget; },
               NumberKind{0.00001, 1, "ratio"},
               "Share of one core that those reads may cost: after one of 2 ms, 0.001 waits 2 s."),
           key(
               "discovery_interval", [](auto& c) -> auto& { return c.sampling.discovery_interval; },
               kSearchInterval, "Between two searches for a target that is not running.")},
          {}};
}

Section pprof() {
  return {"pprof",
          "How a Go program's pprof server is asked.",
          {key(
               "timeout", [](auto& c) -> auto& { return c.pprof.timeout; },
               DurationKind{100ms, 30s}, "For one fetch from connecting to the last byte."),
           key(
               "heap_interval", [](auto& c) -> auto& { return c.pprof.heap_interval; },
               DurationKind{100ms, kDay}, "Between two reads of the memory statistics, at least."),
           key(
               "heap_latency_factor", [](auto& c) -> auto& { return c.pprof.heap_latency_factor; },
               NumberKind{0, 10000}, "And at least this many times as long as the last one took."),
           key(
               "max_body", [](auto& c) -> auto& { return c.pprof.max_body_bytes; },
               SizeKind{64 * kKiB, 256 * kMiB}, "A longer answer, unpacked, is given up."),
           key(
               "allowed_hosts", [](auto& c) -> auto& { return c.pprof.allowed_hosts; },
               ListKind{kMaxHosts, host_mistake},
               "Host names and addresses that may be asked besides the loopback addresses.")},
          {}};
}

template <class Member, class GrowthKind>
Section signal(std::string_view name, std::string_view help, Member member, GrowthKind growth) {
  return {
      name,
      help,
      {key(
           "enabled", [member](auto& c) -> auto& { return member(c).enabled; }, BooleanKind{},
           "Whether this signal is judged."),
       key(
           "min_growth", [member](auto& c) -> auto& { return member(c).min_growth; }, growth,
           "Smaller growth over the window is never an alert."),
       key(
           "min_growth_ratio", [member](auto& c) -> auto& { return member(c).min_growth_ratio; },
           kRatio, "Nor is growth by a smaller share of the level before.")},
      {}};
}

Section detection() {
  constexpr NumberKind kGrowthCount{0, 1e9};
  return {
      "detection",
      "When growth counts as a leak.",
      {key(
           "enabled", [](auto& c) -> auto& { return c.detection.enabled; }, BooleanKind{},
           "Whether anything is judged; false only records."),
       key(
           "block", [](auto& c) -> auto& { return c.detection.block; }, DurationKind{1s, kDay},
           "Shortest block of time of which the minimum is kept."),
       key(
           "warm_up", [](auto& c) -> auto& { return c.detection.warm_up; },
           DurationKind{0s, 7 * kDay}, "Left out after the start of a process."),
       key(
           "cold_start_span", [](auto& c) -> auto& { return c.detection.cold_start_span; },
           DurationKind{0s, 7 * kDay},
           "A process that was never calm must have grown for so long; 0s asks for nothing."),
       key(
           "window_blocks", [](auto& c) -> auto& { return c.detection.window_blocks; },
           CountKind{16, 64}, "Blocks that are judged together."),
       key(
           "levels", [](auto& c) -> auto& { return c.detection.levels; }, CountKind{1, 16},
           "Block lengths that are tried, each twice as long as the one before."),
       key(
           "false_alarms_per_day",
           [](auto& c) -> auto& { return c.detection.false_alarms_per_day; }, NumberKind{1e-9, 24},
           "Chance alarms that one series without a trend may give, over all levels."),
       key(
           "levelling_off_ratio", [](auto& c) -> auto& { return c.detection.levelling_off_ratio; },
           kRatio,
           "Growth whose last part is flatter than this share of the whole is levelling off and no "
           "leak."),
       key(
           "cpu_doubling", [](auto& c) -> auto& { return c.detection.cpu_doubling; }, BooleanKind{},
           "Whether it is told that processor time doubled and stayed there."),
       key(
           "gc_pressure", [](auto& c) -> auto& { return c.detection.gc_pressure; }, BooleanKind{},
           "Whether it is told that garbage collection takes a twentieth of the time.")},
      {signal(
           "goroutines", "The number of goroutines.",
           [](auto& c) -> auto& { return c.detection.goroutines; }, kGrowthCount),
       signal(
           "live_heap", "The part of the Go heap that is in use after a collection.",
           [](auto& c) -> auto& { return c.detection.live_heap; }, SizeKind{0, kTiB}),
       signal(
           "open_fds", "The number of open file descriptors.",
           [](auto& c) -> auto& { return c.detection.open_fds; }, kGrowthCount),
       signal(
           "anon_memory", "Resident anonymous memory.",
           [](auto& c) -> auto& { return c.detection.anon_memory; }, SizeKind{0, kTiB}),
       signal(
           "native_memory", "Anonymous memory of a Go program beside what its runtime holds.",
           [](auto& c) -> auto& { return c.detection.native_memory; }, SizeKind{0, kTiB}),
       signal(
           "threads", "The number of threads.",
           [](auto& c) -> auto& { return c.detection.threads; }, kGrowthCount)}};
}

Section rules() {
  constexpr NumberKind kCount{0, 1e9};
  constexpr SizeKind kSize{0, kTiB};
  constexpr std::size_t kMaxPatterns = 64;
  return {
      "rules",
      "Rules of the field, which inform and are no alerts; 0 switches one off.",
      {key(
           "many_fds", [](auto& c) -> auto& { return c.evidence.rules.many_fds; }, kCount,
           "So many open descriptors."),
       key(
           "file_open_often", [](auto& c) -> auto& { return c.evidence.rules.file_open_often; },
           kCount, "One file is open so often."),
       key(
           "many_threads", [](auto& c) -> auto& { return c.evidence.rules.many_threads; }, kCount,
           "So many threads."),
       key(
           "gc_cpu", [](auto& c) -> auto& { return c.evidence.rules.gc_cpu; }, kRatio,
           "Garbage collection's share of the processor time."),
       key(
           "swap_growing", [](auto& c) -> auto& { return c.evidence.rules.swap_growing; }, kSize,
           "So much more of it in swap within an hour."),
       key(
           "many_mappings", [](auto& c) -> auto& { return c.evidence.rules.many_mappings; }, kCount,
           "So many mappings."),
       key(
           "large_when_idle", [](auto& c) -> auto& { return c.evidence.rules.large_when_idle; },
           kSize, "So much resident memory in a process that does next to nothing."),
       key(
           "path_patterns", [](auto& c) -> auto& { return c.evidence.rules.path_patterns; }, kCount,
           "So many open files that fit one of the patterns."),
       key(
           "patterns", [](auto& c) -> auto& { return c.evidence.rules.patterns; },
           ListKind{kMaxPatterns, argument_mistake},
           "Part of a path; with * for any bytes, to its end."),
       key(
           "stuck_goroutines", [](auto& c) -> auto& { return c.evidence.rules.stuck_goroutines; },
           kCount, "So many goroutines that have waited for minutes.")},
      {}};
}

Section evidence() {
  return {
      "evidence",
      "Captures, to learn who is behind a growth: profiles, open files, memory maps.",
      {key(
           "enabled", [](auto& c) -> auto& { return c.evidence.enabled; }, BooleanKind{},
           "Whether captures are taken; false names nobody."),
       key(
           "baseline_interval", [](auto& c) -> auto& { return c.evidence.baseline_interval; },
           DurationKind{1s, 7 * kDay}, "Between two captures of a healthy process."),
       key(
           "budget", [](auto& c) -> auto& { return c.evidence.budget; },
           NumberKind{0.00001, 1, "ratio"},
           "Share of one core that captures may cost a target: after one of 10 ms, 0.005 waits 2 "
           "s."),
       key(
           "max_size", [](auto& c) -> auto& { return c.evidence.max_bytes; }, SizeKind{kMiB, kTiB},
           "Of all captures beside the database; the oldest and most redundant go first."),
       key(
           "max_age", [](auto& c) -> auto& { return c.evidence.max_age; },
           DurationKind{1h, 3650 * kDay}, "Older captures go, but those of open alerts.")},
      {rules()}};
}

Section alerts() {
  return {
      "alerts",
      "How a finding becomes an alert, and who is told.",
      {key(
           "for", [](auto& c) -> auto& { return c.alerts.hold; }, DurationKind{0s, 7 * kDay},
           "A finding must hold for so long before the alert fires."),
       key(
           "keep_firing_for", [](auto& c) -> auto& { return c.alerts.keep_firing_for; },
           DurationKind{0s, 7 * kDay}, "An alert goes on for so long after its finding is gone."),
       key(
           "jsonl", [](auto& c) -> auto& { return c.alerts.jsonl; }, PathKind{},
           "File that gets one JSON object per line and change of an alert; empty is off.")},
      {{"exec",
        "A program that is run at each change of an alert.",
        {key(
             "command", [](auto& c) -> auto& { return c.alerts.exec.command; },
             ListKind{kMaxArguments, argument_mistake},
             "The program and its arguments, run without a shell; empty is off."),
         key(
             "timeout", [](auto& c) -> auto& { return c.alerts.exec.timeout; },
             DurationKind{100ms, 5min}, "After that the program is killed.")},
        {}}}};
}

Section storage() {
  return {
      "storage",
      "Where the samples are kept.",
      {key(
           "database", [](auto& c) -> auto& { return c.storage.database; }, PathKind{},
           "SQLite file; empty is soakwatch.db in the state folder of the user or the system."),
       key(
           "live_csv", [](auto& c) -> auto& { return c.storage.live_csv; }, PathKind{},
           "CSV file that is written beside the database; empty is off."),
       key(
           "queue_limit_rows", [](auto& c) -> auto& { return c.storage.queue_limit_rows; },
           CountKind{100, 1'000'000}, "Samples that may wait while the disk does not answer."),
       key(
           "min_free", [](auto& c) -> auto& { return c.storage.min_free_bytes; }, SizeKind{0, kTiB},
           "Free space that samples leave on the file system, but a twentieth of it at most; "
           "captures leave eight times that. 0 is off."),
       key(
           "keep_raw", [](auto& c) -> auto& { return c.storage.keep_raw; },
           DurationKind{1min, 3650 * kDay},
           "Samples are kept as they were read; older ones become a row a minute."),
       key(
           "keep_minutes", [](auto& c) -> auto& { return c.storage.keep_minutes; },
           DurationKind{1min, 3650 * kDay}, "Older rows of a minute become rows of an hour."),
       key(
           "keep_hours", [](auto& c) -> auto& { return c.storage.keep_hours; },
           DurationKind{1h, 36500 * kDay}, "Older rows of an hour go, and events as old."),
       key(
           "max_size", [](auto& c) -> auto& { return c.storage.max_bytes; }, SizeKind{0, kTiB},
           "Of the database; beyond it rows are rolled up and deleted sooner. 0: no limit.")},
      {}};
}

Section self() {
  return {
      "self",
      "The daemon's watch on itself.",
      {key(
           "enabled", [](auto& c) -> auto& { return c.self.enabled; }, BooleanKind{},
           "Whether soakwatchd watches itself, as the target soakwatchd, and keeps its ceilings."),
       key(
           "interval", [](auto& c) -> auto& { return c.self.interval; }, DurationKind{1s, 5min},
           "Between two looks at itself."),
       key(
           "max_cpu", [](auto& c) -> auto& { return c.self.max_cpu; },
           NumberKind{0.001, 64, "ratio"},
           "Share of one core; above it, it samples less until it is below."),
       key(
           "max_memory", [](auto& c) -> auto& { return c.self.max_memory_bytes; },
           SizeKind{16 * kMiB, kTiB},
           "Resident memory; above it, it takes no captures and lets fewer samples wait.")},
      {}};
}

Section log() {
  using Level = ChoiceKind<std::string>;
  return {"log",
          "What the daemon says of itself, on standard error.",
          {key(
               "format", [](auto& c) -> auto& { return c.log.format; },
               ChoiceKind<LogFormat>{{{"text", LogFormat::kText}, {"json", LogFormat::kJson}}},
               "Lines for a person or JSON objects."),
           key(
               "level", [](auto& c) -> auto& { return c.log.level; },
               Level{{{"trace", "trace"},
                      {"debug", "debug"},
                      {"info", "info"},
                      {"warning", "warning"},
                      {"error", "error"}}},
               "Less important messages are left out.")},
          {}};
}

// A target's defaults depend on its other keys, so they are given in words.
template <class T, class Kind>
Key<TargetEntry> target_key(std::string_view name, T TargetEntry::*member, Kind kind,
                            std::string_view default_text, std::string_view help) {
  Key<TargetEntry> made;
  made.name = name;
  made.type = kind.type();
  made.default_text = default_text;
  made.limits = kind.limits();
  made.help = help;
  made.read = [member, kind](const YamlNode& node, TargetEntry& entry, Mistakes& mistakes) {
    if (auto value = kind.read(node, mistakes)) entry.*member = *std::move(value);
  };
  return made;
}

void describe(const Section& section, std::string path, std::vector<KeyDescription>& all) {
  path += section.name;
  path += '.';
  for (const auto& key : section.keys) {
    all.push_back({path + std::string(key.name), key.type, key.default_text, key.limits, key.help});
  }
  for (const auto& inner : section.sections) describe(inner, path, all);
}

}  // namespace

const std::vector<Section>& config_sections() {
  static const std::vector<Section> sections{sampling(), pprof(),   detection(), evidence(),
                                             alerts(),   storage(), self(),      log()};
  return sections;
}

const std::vector<Key<TargetEntry>>& target_keys() {
  static const std::vector<Key<TargetEntry>> keys{
      target_key("name", &TargetEntry::name, TextKind{"text", target_name_mistake},
                 "<from match or command>", "What the target is called; no two alike."),
      target_key("match", &TargetEntry::match, TextKind{"SPEC", match_mistake}, "<none>",
                 "Which process; either this or command is needed."),
      target_key("command", &TargetEntry::command, ListKind{kMaxArguments, argument_mistake},
                 "<none>", "A program and its arguments, started as a child without a shell."),
      target_key("interval", &TargetEntry::interval, kTargetInterval, "<sampling.interval>",
                 "Between two rounds of this target."),
      target_key("pprof", &TargetEntry::pprof, TextKind{"auto, off or URL", pprof_mistake}, "auto",
                 "Where the pprof server is: auto looks among the listening sockets of the target; "
                 "http://HOST:PORT[/PATH] or unix:/PATH."),
  };
  return keys;
}

std::vector<KeyDescription> describe_keys() {
  std::vector<KeyDescription> all;
  for (const auto& section : config_sections()) describe(section, "", all);
  for (const auto& key : target_keys()) {
    all.push_back(
        {"targets[]." + std::string(key.name), key.type, key.default_text, key.limits, key.help});
  }
  return all;
}

}  // namespace soakwatch
