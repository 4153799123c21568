#include "daemon/options.h"

#include <algorithm>

namespace soakwatch {
namespace {

constexpr milliseconds kCaptureTimeout{30000};
// Room for some ten thousand records, the rows that are no samples, of some 400 bytes.
constexpr std::int64_t kBallastBytes = std::int64_t{4} << 20;
// Captures stop before samples do.
constexpr std::int64_t kCaptureFloors = 8;

}  // namespace

DetectionOptions detection_options(const Config& config, const Target& target) {
  const DetectionConfig& d = config.detection;
  DetectionOptions options;
  options.blocks = {d.block, d.levels, d.window_blocks};
  options.warm_up = d.warm_up;
  options.cold_start_span = d.cold_start_span;
  options.false_alarms_per_day = d.false_alarms_per_day;
  options.levelling_off_ratio = d.levelling_off_ratio;
  if (!d.enabled) return options;
  const milliseconds round = target.interval;
  const milliseconds heap = std::max(round, config.pprof.heap_interval);
  const auto add = [&](Signal signal, const SignalConfig& gates, milliseconds interval) {
    if (gates.enabled) {
      options.signals.push_back({signal, gates.min_growth, gates.min_growth_ratio, interval});
    }
  };
  add(Signal::kGoroutines, d.goroutines, round);
  add(Signal::kLiveHeap, d.live_heap, heap);
  add(Signal::kOpenFds, d.open_fds, round);
  add(Signal::kAnonMemory, d.anon_memory, round);
  add(Signal::kNativeMemory, d.native_memory, heap);
  add(Signal::kThreads, d.threads, round);
  options.cpu_doubling = d.cpu_doubling;
  options.gc_pressure = d.gc_pressure;
  return options;
}

HttpLimits http_limits(const PprofConfig& config) {
  HttpLimits limits;
  limits.timeout = config.timeout;
  limits.max_body_bytes = static_cast<std::size_t>(config.max_body_bytes);
  limits.allowed_hosts = config.allowed_hosts;
  return limits;
}

HttpLimits capture_limits(const PprofConfig& config) {
  HttpLimits limits = http_limits(config);
  limits.timeout = std::max<milliseconds>(limits.timeout, kCaptureTimeout);
  return limits;
}

EvidenceOptions evidence_options(const Config& config, const Target& target, TargetId target_id,
                                 InstanceId instance, bool final_captures) {
  EvidenceOptions options;
  options.database = config.storage.database;
  options.target_name = target.name;
  options.target = target_id;
  options.instance = instance;
  options.limits = capture_limits(config.pprof);
  options.warm_up = config.detection.warm_up;
  options.baseline_interval = config.evidence.baseline_interval;
  options.cpu_share = config.evidence.budget;
  options.final_captures = final_captures;
  return options;
}

FieldRuleOptions field_rule_options(const FieldRulesConfig& config) {
  const auto rule = [](double limit) { return FieldRule{limit > 0, limit}; };
  FieldRuleOptions options;
  options.many_fds = rule(config.many_fds);
  options.file_open_often = rule(config.file_open_often);
  options.many_threads = rule(config.many_threads);
  options.gc_cpu = rule(config.gc_cpu);
  options.swap_growing = rule(config.swap_growing);
  options.many_mappings = rule(config.many_mappings);
  options.large_when_idle = rule(config.large_when_idle);
  options.path_patterns = rule(config.path_patterns);
  options.stuck_goroutines = rule(config.stuck_goroutines);
  options.patterns = config.patterns;
  return options;
}

CaptureOptions capture_options(const Config& config) {
  CaptureOptions options;
  options.budget.max_bytes = config.evidence.max_bytes;
  options.budget.max_age = std::chrono::duration_cast<seconds>(config.evidence.max_age);
  options.min_free_bytes = kCaptureFloors * config.storage.min_free_bytes;
  return options;
}

AlertOptions alert_options(const AlertConfig& config) {
  return {config.hold, config.keep_firing_for};
}

StoreOptions store_options(const StorageConfig& config) {
  StoreOptions options;
  options.database = config.database;
  options.queue_limit_rows = static_cast<std::size_t>(config.queue_limit_rows);
  options.live_csv = config.live_csv;
  options.space.min_free_bytes = config.min_free_bytes;
  options.space.ballast_bytes = kBallastBytes;
  RetentionOptions& retention = options.retention;
  retention.keep_raw = config.keep_raw;
  retention.keep_minutes = config.keep_minutes;
  retention.keep_hours = config.keep_hours;
  retention.limit_bytes = config.max_bytes;
  // Often enough that an age is kept to within a tenth, and seldom enough to cost nothing.
  const milliseconds shortest = std::min({config.keep_raw, config.keep_minutes, config.keep_hours});
  retention.interval = std::min<milliseconds>(shortest / 10, retention.interval);
  return options;
}

}  // namespace soakwatch
