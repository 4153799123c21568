#include <fmt/format.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "alerts/file_descriptor.h"
#include "alerts/hook_process.h"
#include "alerts/notifier.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

// What a hook needs to find programs and the user's desktop; the rest of the daemon's environment
// may hold secrets.
constexpr std::array kInherited{
    "PATH",    "HOME",           "USER", "LANG", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY", "WAYLAND_DISPLAY"};

std::vector<std::string> environment_with(std::vector<std::string> variables) {
  for (const char* name : kInherited) {
    if (const char* value = std::getenv(name))
      variables.push_back(fmt::format("{}={}", name, value));
  }
  return variables;
}

class ExecNotifier final : public Notifier {
 public:
  explicit ExecNotifier(ExecHookOptions options)
      : options_(std::move(options)), stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!stop_.valid()) throw std::system_error(errno, std::generic_category(), "eventfd");
  }

  Result<void> notify(const AlertTransition& transition) override {
    return run(environment_with(variables_of(transition)), to_json(transition));
  }
  Result<void> tell(const Notice& notice) override {
    return run(environment_with(variables_of(notice)), to_json(notice));
  }

  [[nodiscard]] std::string name() const override {
    return "exec hook '" + (options_.command.empty() ? "" : printable(options_.command[0])) + "'";
  }

  void interrupt() override { ::eventfd_write(stop_.get(), 1); }  // never read: it stays so

 private:
  Result<void> run(std::vector<std::string> environment, const std::string& json) {
    return run_to_end({.argv = options_.command,
                       .environment = std::move(environment),
                       .input = json + '\n',
                       .timeout = options_.timeout,
                       .stop_fd = stop_.get()});
  }

  ExecHookOptions options_;
  FileDescriptor stop_;
};

}  // namespace

std::unique_ptr<Notifier> make_exec_notifier(ExecHookOptions options) {
  return std::make_unique<ExecNotifier>(std::move(options));
}

}  // namespace soakwatch
