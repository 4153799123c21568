// The configuration as plain structs. Every default stands here and nowhere else; the file and the
// flags only override. Times are std::chrono, sizes are bytes, shares are ratios (0.01 is one per
// cent).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/target.h"

namespace soakwatch {

struct SamplingConfig {
  std::chrono::milliseconds interval{5000};  // of a target that names none
  std::chrono::milliseconds detail_interval{
      120000};                   // smaps_rollup and maps, at least this far apart
  double detail_budget = 0.001;  // share of one core that those may cost: a read of 2 ms waits 2 s
  std::chrono::milliseconds discovery_interval{2000};  // how often a lost target is looked for
};

struct PprofConfig {
  std::chrono::milliseconds timeout{5000};         // of one fetch, all of it; at most 30 s
  std::chrono::milliseconds heap_interval{15000};  // between two reads of MemStats, at least
  double heap_latency_factor = 100;                // and at least this many times the last latency
  std::int64_t max_body_bytes = std::int64_t{32} << 20;
  std::vector<std::string> allowed_hosts;  // besides the loopback addresses
};

// Gates of one signal. Growth must reach both.
struct SignalConfig {
  bool enabled = true;
  double min_growth = 0;        // in the unit of the signal: bytes or a count
  double min_growth_ratio = 0;  // of the level before: 0.2 is 20 %
};

struct DetectionConfig {
  bool enabled = true;
  std::chrono::milliseconds block{60000};              // shortest block whose minimum is kept
  std::chrono::milliseconds warm_up{600000};           // left out after the start of an instance
  std::chrono::milliseconds cold_start_span{7200000};  // growth from the start must last so long
  int window_blocks = 24;
  int levels = 10;                      // each level doubles the block length
  double false_alarms_per_day = 0.001;  // alpha of the order gate, per series
  double levelling_off_ratio = 0.5;     // slope of the last 3/8 against the whole
  SignalConfig goroutines{true, 50, 0.20};
  SignalConfig live_heap{true, 32.0 * 1024 * 1024, 0.10};
  SignalConfig open_fds{true, 32, 0.20};
  SignalConfig anon_memory{true, 64.0 * 1024 * 1024, 0.10};
  SignalConfig native_memory{true, 64.0 * 1024 * 1024, 0.10};  // beside what Go's runtime holds
  SignalConfig threads{true, 16, 0.25};
  bool cpu_doubling = true;
  bool gc_pressure = true;
};

// Captures: what is fetched from a process to learn who is behind a growth.
// Levels at which people who hunt leaks by hand look twice; 0: the rule is off.
struct FieldRulesConfig {
  double many_fds = 1000;
  double file_open_often = 4;
  double many_threads = 100;
  double gc_cpu = 0.05;
  double swap_growing = 16.0 * 1024 * 1024;
  double many_mappings = 2000;
  double large_when_idle = 500.0 * 1024 * 1024;
  double path_patterns = 30;
  double stuck_goroutines = 1;
  std::vector<std::string> patterns = {".claude/projects", ".codex/sessions", "*.db"};
};

struct EvidenceConfig {
  bool enabled = true;
  std::chrono::milliseconds baseline_interval{3600000};  // between two captures while it is healthy
  double budget = 0.005;  // share of one core that captures may cost the target
  std::int64_t max_bytes = std::int64_t{256} << 20;    // on the disk, of all targets
  std::chrono::milliseconds max_age{14LL * 86400000};  // but those of open alerts
  FieldRulesConfig rules;
};

struct ExecHookConfig {
  std::vector<std::string> command;  // argv; no shell. Empty: off
  std::chrono::milliseconds timeout{10000};
};

struct AlertConfig {
  std::chrono::milliseconds hold{0};  // key `for`: pending for so long before it fires
  std::chrono::milliseconds keep_firing_for{
      600000};                  // fires on for so long after the condition went
  std::filesystem::path jsonl;  // empty: off
  ExecHookConfig exec;
};

struct StorageConfig {
  std::filesystem::path database;         // empty: the default of the user or the system
  std::filesystem::path live_csv;         // empty: off
  std::int64_t queue_limit_rows = 20000;  // samples that may wait while the disk does not answer
  std::int64_t min_free_bytes = std::int64_t{64} << 20;  // key `min_free`: of the file system
  std::chrono::milliseconds keep_raw = std::chrono::hours(24 * 7);       // as they were read
  std::chrono::milliseconds keep_minutes = std::chrono::hours(24 * 90);  // a row a minute
  std::chrono::milliseconds keep_hours = std::chrono::hours(24 * 1825);  // a row an hour
  std::int64_t max_bytes = std::int64_t{1} << 30;                        // in use; 0: no limit
};

enum class LogFormat { kText, kJson };
struct LogConfig {
  LogFormat format = LogFormat::kText;
  std::string level = "info";  // trace, debug, info, warning, error
};

struct Config {
  SamplingConfig sampling;
  PprofConfig pprof;
  DetectionConfig detection;
  EvidenceConfig evidence;
  AlertConfig alerts;
  StorageConfig storage;
  LogConfig log;
  std::vector<Target> targets;
};

}  // namespace soakwatch
