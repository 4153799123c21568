// What the tests of this folder share: a transition to tell, and a folder that goes away again.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "model/alert.h"

namespace soakwatch {

inline WallTime at(const std::string& iso8601) { return parse_iso8601(iso8601).value(); }

inline Finding example_finding() {
  Finding finding;
  finding.detector = "goroutine_growth";
  finding.metric = Metric::kGoroutines;
  finding.severity = Severity::kWarning;
  finding.base = 54;
  finding.current = 1204;
  finding.slope_per_hour = 240;
  finding.slope_low = 231.5;
  finding.slope_high = 250;
  finding.since = at("2026-11-20T08:40:00Z");
  finding.span = std::chrono::minutes(24);
  finding.gates = {{"size", true, 1150, 50, "growth in goroutines, at least"}};
  finding.summary = "goroutines grow steadily";
  finding.cause = "goroutines that never end";
  finding.limit = Limit{"RLIMIT_NOFILE", 1024, std::chrono::minutes(110)};
  finding.ruled_out = {"more work: the load grew by 3 %"};
  finding.culprits = {{CaptureKind::kGoroutine,
                       "main.leak",
                       "leak.go:7",
                       "chan receive",
                       Unit::kCount,
                       4,
                       1154,
                       1,
                       {"main.leak (leak.go:7)"}}};
  finding.probe = "one stack";
  return finding;
}

inline AlertTransition to_firing(AlertId id = 7) {
  AlertTransition t;
  t.alert.id = id;
  t.alert.target = 2;
  t.alert.target_name = "sidecar";
  t.alert.instance = 3;
  t.alert.pid = 1234;
  t.alert.state = AlertState::kFiring;
  t.alert.finding = example_finding();
  t.alert.pending_since = at("2026-11-20T09:00:00Z");
  t.alert.fired_at = at("2026-11-20T09:05:00.250Z");
  t.alert.told = true;
  t.from = AlertState::kPending;
  t.time = at("2026-11-20T09:05:00.250Z");
  t.reason = "held for 5m";
  return t;
}

inline AlertTransition to_resolved(AlertId id = 7) {
  AlertTransition t = to_firing(id);
  t.alert.state = AlertState::kResolved;
  t.alert.resolved_at = at("2026-11-20T10:00:00Z");
  t.from = AlertState::kFiring;
  t.time = at("2026-11-20T10:00:00Z");
  t.reason = "process ended";
  return t;
}

inline AlertTransition to_plateau(AlertId id = 7) {
  AlertTransition t = to_firing(id);
  t.alert.state = AlertState::kPlateau;
  t.from = AlertState::kFiring;
  t.time = at("2026-11-20T10:00:00Z");
  t.reason = "stopped growing, not given back";
  return t;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "soakwatch-alerts-XXXXXX");
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace soakwatch
