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
constexpr std::size_t kOutputLimitBytes = 1000;

class Environment {
 public:
  Environment() {
    for (const char* name : kInherited) {
      if (const char* value = std::getenv(name)) out.push_back(fmt::format("{}={}", name, value));
    }
  }
  void operator()(std::string_view name, std::string_view value) {
    out.push_back(fmt::format("SOAKWATCH_{}={}", name, printable(value, kOutputLimitBytes)));
  }
  std::vector<std::string> out;
};

std::vector<std::string> environment_of(const Notice& notice) {
  Environment add;
  add("NOTICE", notice.kind);
  add("TIME", format_utc(notice.time));
  add("SEVERITY", to_string(notice.severity));
  add("SUMMARY", notice.text);
  add("TEXT", notice.text);
  return add.out;
}

std::vector<std::string> environment_of(const AlertTransition& transition) {
  Environment add;
  const Alert& alert = transition.alert;
  add("ALERT_ID", std::to_string(alert.id));
  add("TIME", format_utc(transition.time));
  add("STATE", to_string(alert.state));
  add("REASON", transition.reason);
  add("TARGET", alert.target_name);
  add("PID", std::to_string(alert.pid));
  add("METRIC", describe(alert.finding.metric).name);
  add("DETECTOR", alert.finding.detector);
  add("SEVERITY", to_string(alert.finding.severity));
  add("SINCE", format_utc(alert.finding.since));
  add("SUMMARY", alert.finding.summary);
  add("IS_LEAK", alert.finding.is_leak ? "true" : "false");
  add("CAUSE", alert.finding.cause);
  const std::optional<Limit>& limit = alert.finding.limit;
  add("LIMIT", limit ? limit->name : "");
  add("TIME_LEFT_SECONDS",
      limit ? std::to_string(std::chrono::round<seconds>(limit->time_left).count()) : "");
  add("TEXT", describe(transition));
  return add.out;
}

class ExecNotifier final : public Notifier {
 public:
  explicit ExecNotifier(ExecHookOptions options)
      : options_(std::move(options)), stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!stop_.valid()) throw std::system_error(errno, std::generic_category(), "eventfd");
  }

  Result<void> notify(const AlertTransition& transition) override {
    return run(environment_of(transition), to_json(transition));
  }
  Result<void> tell(const Notice& notice) override {
    return run(environment_of(notice), to_json(notice));
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
