#include "cli/soak/sleep_inhibitor.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include "cli/bus_connection.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

using Clock = std::chrono::steady_clock;

Error failed(int error, const std::string& what) {
  const ErrorKind kind = error == ETIMEDOUT                  ? ErrorKind::kTimeout
                         : error == EACCES || error == EPERM ? ErrorKind::kDenied
                                                             : ErrorKind::kUnavailable;
  return {kind, "logind was not asked to keep the machine awake: " + printable(what)};
}

Error failed(int error) { return failed(error, std::generic_category().message(error)); }

}  // namespace

Result<SleepInhibitor> SleepInhibitor::take(const std::string& why,
                                            std::chrono::milliseconds patience) {
  const Clock::time_point end = Clock::now() + patience;
  sd_bus* opened = nullptr;
  if (const int error = sd_bus_open_system(&opened); error < 0) return failed(-error);
  const std::unique_ptr<sd_bus, CloseBus> bus(opened);
  if (const int error = wait_until_ready(bus.get(), end); error < 0) return failed(-error);
  sd_bus_message* made = nullptr;
  int error = sd_bus_message_new_method_call(bus.get(), &made, "org.freedesktop.login1",
                                             "/org/freedesktop/login1",
                                             "org.freedesktop.login1.Manager", "Inhibit");
  if (error < 0) return failed(-error);
  const std::unique_ptr<sd_bus_message, FreeMessage> call(made);
  error =
      sd_bus_message_append(call.get(), "ssss", "sleep:idle", "soakwatch", why.c_str(), "block");
  if (error < 0) return failed(-error);
  sd_bus_error reason{};
  sd_bus_message* answered = nullptr;
  error = sd_bus_call(bus.get(), call.get(), std::max<std::uint64_t>(microseconds_until(end), 1),
                      &reason, &answered);
  const std::string words = reason.message != nullptr ? reason.message : "";
  sd_bus_error_free(&reason);
  if (error < 0) return words.empty() ? failed(-error) : failed(-error, words);
  const std::unique_ptr<sd_bus_message, FreeMessage> answer(answered);
  int lock = -1;
  if (error = sd_bus_message_read(answer.get(), "h", &lock); error < 0) return failed(-error);
  FileDescriptor held(::fcntl(lock, F_DUPFD_CLOEXEC, 0));  // the answer's own goes with it
  if (!held.valid()) return failed(errno);
  return SleepInhibitor(std::move(held));
}

}  // namespace soakwatch
