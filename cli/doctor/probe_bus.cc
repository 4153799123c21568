#include <systemd/sd-bus.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "cli/doctor/probes.h"

namespace soakwatch {
namespace {

using Clock = std::chrono::steady_clock;

struct CloseBus {
  void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
};
struct FreeMessage {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, FreeMessage>;

std::string words_of(int error) { return std::generic_category().message(-error); }

std::uint64_t microseconds_until(Clock::time_point end) {
  const auto rest =
      std::chrono::duration_cast<std::chrono::microseconds>(end - Clock::now()).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(rest, 1));
}

// A call would wait for the greeting of the bus as well, but for 90 s.
int wait_until_ready(sd_bus* bus, Clock::time_point end) {
  for (;;) {
    const int done = sd_bus_process(bus, nullptr);
    if (done < 0) return done;
    const int ready = sd_bus_is_ready(bus);
    if (ready != 0) return std::min(ready, 0);
    if (done > 0) continue;
    if (Clock::now() >= end) return -ETIMEDOUT;
    const int waited = sd_bus_wait(bus, microseconds_until(end));
    if (waited < 0) return waited;
  }
}

// ListNames or ListActivatableNames, which start nothing: 1 it is there, 0 not, negative an error.
int lists(sd_bus* bus, const char* method, const char* name, Clock::time_point end) {
  sd_bus_message* made = nullptr;
  int error = sd_bus_message_new_method_call(
      bus, &made, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method);
  if (error < 0) return error;
  const Message call(made);
  sd_bus_message* answered = nullptr;
  error = sd_bus_call(bus, call.get(), microseconds_until(end), nullptr, &answered);
  if (error < 0) return error;
  const Message answer(answered);
  error = sd_bus_message_enter_container(answer.get(), 'a', "s");
  const char* listed = nullptr;
  while (error >= 0 && (error = sd_bus_message_read_basic(answer.get(), 's', &listed)) > 0) {
    if (std::strcmp(listed, name) == 0) return 1;
  }
  return std::min(error, 0);
}

}  // namespace

std::optional<std::string> bus_trouble(bool of_user, const char* name,
                                       std::chrono::milliseconds patience) {
  const Clock::time_point end = Clock::now() + patience;
  const std::string which = of_user ? "the session's bus: " : "the system's bus: ";
  sd_bus* opened = nullptr;
  int error = of_user ? sd_bus_open_user(&opened) : sd_bus_open_system(&opened);
  if (error < 0) return which + words_of(error);
  const std::unique_ptr<sd_bus, CloseBus> bus(opened);
  if (error = wait_until_ready(bus.get(), end); error < 0) return which + words_of(error);
  for (const char* method : {"ListNames", "ListActivatableNames"}) {
    error = lists(bus.get(), method, name, end);
    if (error < 0) return which + words_of(error);
    if (error > 0) return std::nullopt;
  }
  return which + "no " + name;
}

}  // namespace soakwatch
