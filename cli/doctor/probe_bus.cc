#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "cli/bus_connection.h"
#include "cli/doctor/probes.h"

namespace soakwatch {
namespace {

using Clock = std::chrono::steady_clock;

using Message = std::unique_ptr<sd_bus_message, FreeMessage>;

std::string words_of(int error) { return std::generic_category().message(-error); }

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
