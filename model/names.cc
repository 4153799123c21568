#include <array>
#include <utility>

#include "model/alert.h"
#include "model/capture.h"
#include "model/event.h"
#include "model/finding.h"
#include "model/target.h"

namespace soakwatch {
namespace {

using namespace std::string_view_literals;

constexpr std::array kEventNames{
    std::pair{EventKind::kDaemonStarted, "daemon_started"sv},
    std::pair{EventKind::kDaemonStopped, "daemon_stopped"sv},
    std::pair{EventKind::kInstanceStarted, "instance_started"sv},
    std::pair{EventKind::kInstanceRestarted, "instance_restarted"sv},
    std::pair{EventKind::kInstanceResumed, "instance_resumed"sv},
    std::pair{EventKind::kInstanceEnded, "instance_ended"sv},
    std::pair{EventKind::kTargetAmbiguous, "target_ambiguous"sv},
    std::pair{EventKind::kPprofFound, "pprof_found"sv},
    std::pair{EventKind::kPprofLost, "pprof_lost"sv},
    std::pair{EventKind::kGap, "gap"sv},
    std::pair{EventKind::kProgramReplaced, "program_replaced"sv},
    std::pair{EventKind::kNoLeak, "no_leak"sv},
    std::pair{EventKind::kStep, "step"sv},
    std::pair{EventKind::kRetention, "retention"sv},
    std::pair{EventKind::kFieldRule, "field_rule"sv},
    std::pair{EventKind::kStoreHeldUp, "store_held_up"sv},
    std::pair{EventKind::kStoreReplaced, "store_replaced"sv},
};

constexpr std::array kStateNames{
    std::pair{AlertState::kInactive, "inactive"sv}, std::pair{AlertState::kPending, "pending"sv},
    std::pair{AlertState::kFiring, "firing"sv},     std::pair{AlertState::kPlateau, "plateau"sv},
    std::pair{AlertState::kResolved, "resolved"sv},
};

constexpr std::array kCaptureKindNames{
    std::pair{CaptureKind::kHeap, "heap"sv},
    std::pair{CaptureKind::kAllocs, "allocs"sv},
    std::pair{CaptureKind::kGoroutine, "goroutine"sv},
    std::pair{CaptureKind::kCpu, "cpu"sv},
    std::pair{CaptureKind::kFds, "fds"sv},
    std::pair{CaptureKind::kMappings, "mappings"sv},
    std::pair{CaptureKind::kTrace, "trace"sv},
};

constexpr std::array kCaptureReasonNames{
    std::pair{CaptureReason::kBaseline, "baseline"sv},
    std::pair{CaptureReason::kSuspicion, "suspicion"sv},
    std::pair{CaptureReason::kFiring, "firing"sv},
    std::pair{CaptureReason::kFinal, "final"sv},
    std::pair{CaptureReason::kManual, "manual"sv},
};

template <class Table, class Key>
std::string_view name_of(const Table& table, Key key) {
  for (const auto& [value, name] : table) {
    if (value == key) return name;
  }
  return "unknown";
}

template <class Key, class Table>
std::optional<Key> key_of(const Table& table, std::string_view text) {
  for (const auto& [value, name] : table) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(EventKind kind) { return name_of(kEventNames, kind); }
std::optional<EventKind> event_kind_from_string(std::string_view text) {
  return key_of<EventKind>(kEventNames, text);
}

std::string_view to_string(AlertState state) { return name_of(kStateNames, state); }
std::optional<AlertState> alert_state_from_string(std::string_view text) {
  return key_of<AlertState>(kStateNames, text);
}

std::string_view to_string(CaptureKind kind) { return name_of(kCaptureKindNames, kind); }
std::optional<CaptureKind> capture_kind_from_string(std::string_view text) {
  return key_of<CaptureKind>(kCaptureKindNames, text);
}

std::string_view to_string(CaptureReason reason) { return name_of(kCaptureReasonNames, reason); }
std::optional<CaptureReason> capture_reason_from_string(std::string_view text) {
  return key_of<CaptureReason>(kCaptureReasonNames, text);
}

std::string_view to_string(Grade grade) { return grade == Grade::kAlert ? "alert" : "suspect"; }

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kCritical:
      return "critical";
  }
  return "unknown";
}

std::string to_string(const TargetSpec& spec) {
  std::string text;
  switch (spec.kind) {
    case TargetKind::kPid:
      text = "pid:" + spec.value;
      break;
    case TargetKind::kName:
      text = "name:" + spec.value;
      break;
    case TargetKind::kPort:
      text = "port:" + spec.value;
      break;
    case TargetKind::kCmdline:
      text = "cmdline:" + spec.value;
      break;
    case TargetKind::kUnit:
      text = "unit:" + spec.value;
      break;
    case TargetKind::kCgroup:
      text = "cgroup:" + spec.value;
      break;
    case TargetKind::kCommand:
      text = "command:";
      for (std::size_t i = 0; i < spec.command.size(); ++i) {
        if (i > 0) text += ' ';
        text += spec.command[i];
      }
      break;
  }
  if (spec.pprof == PprofMode::kOff) text += ",pprof=off";
  if (spec.pprof == PprofMode::kUrl) text += ",pprof=" + spec.pprof_url;
  return text;
}

}  // namespace soakwatch
