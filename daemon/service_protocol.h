// What a service manager is told: sd_notify(3). The words only; somebody else sends them.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "config/config.h"
#include "model/timestamp.h"

namespace soakwatch {

// On one thread. Times are of the monotonic clock.
class ServiceProtocol {
 public:
  using Send = std::function<void(const std::string& state)>;
  // `watchdog`: the manager ends us when it hears nothing for so long; zero: never.
  ServiceProtocol(Send send, std::chrono::microseconds watchdog);

  // Up, or up again after reloading(). `pause`: the longest time between two ticks when all is
  // well. Where rounds are rarer than the watchdog is patient, it is asked for more patience.
  void ready(milliseconds pause, const std::string& status);
  void reloading(std::chrono::microseconds now);
  void stopping();

  // The one sign of life. To be called when a round or a search was done and at no other time, so
  // that the watchdog starves when they do. `status` is asked only when something is sent, which is
  // seldom.
  void tick(milliseconds now, const std::function<std::string()>& status);

 private:
  Send send_;
  std::chrono::microseconds watchdog_;
  milliseconds spacing_;
  std::optional<milliseconds> told_;
};

// The longest time that lies between two ticks of all targets together.
milliseconds longest_pause(const Config& config);

}  // namespace soakwatch
