#include "daemon/service_protocol.h"

#include <algorithm>
#include <utility>

#include "daemon/throttle.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

// One line that a person reads in `systemctl status`.
constexpr std::size_t kMaxStatusBytes = 500;
// How old that line may be.
constexpr milliseconds kStatusSpacing{10000};
// Of the watchdog's patience: sd_watchdog_enabled(3) asks for less than half.
constexpr int kSignsPerWatchdog = 4;
// As many missed rounds in a row are no accident.
constexpr int kPausesPerWatchdog = 3;

std::string status_line(const std::string& status) {
  return "STATUS=" + printable(status, kMaxStatusBytes);
}

}  // namespace

ServiceProtocol::ServiceProtocol(Send send, microseconds watchdog)
    : send_(std::move(send)), watchdog_(watchdog), spacing_(kStatusSpacing) {}

void ServiceProtocol::ready(milliseconds pause, const std::string& status) {
  std::string state = "READY=1\n" + status_line(status);
  if (watchdog_.count() > 0) {
    const microseconds limit = std::max<microseconds>(watchdog_, kPausesPerWatchdog * pause);
    spacing_ = std::min(kStatusSpacing, duration_cast<milliseconds>(limit / kSignsPerWatchdog));
    state += "\nWATCHDOG_USEC=" + std::to_string(limit.count());
  }
  told_.reset();
  send_(state);
}

void ServiceProtocol::reloading(microseconds now) {
  send_("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()) +
        "\nSTATUS=reading the configuration");
}

void ServiceProtocol::stopping() { send_("STOPPING=1\nSTATUS=stopping"); }

void ServiceProtocol::tick(milliseconds now, const std::function<std::string()>& status) {
  if (told_ && now - *told_ < spacing_) return;
  told_ = now;
  send_((watchdog_.count() > 0 ? "WATCHDOG=1\n" : "") + status_line(status()));
}

milliseconds longest_pause(const Config& config) {
  std::optional<milliseconds> steady;
  milliseconds longest{0};
  for (const Target& target : config.targets) {
    const milliseconds interval =
        config.self.enabled ? stretched(target.interval, Throttle::kMaxFactor) : target.interval;
    const milliseconds pause = std::max(interval, config.sampling.discovery_interval);
    const bool may_end =
        target.spec.kind == TargetKind::kPid || target.spec.kind == TargetKind::kCommand;
    longest = std::max(longest, pause);
    if (!may_end) steady = std::min(steady.value_or(pause), pause);
  }
  // What never ends ticks at its pace, whatever the others do.
  return steady.value_or(longest);
}

}  // namespace soakwatch
