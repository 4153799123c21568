#include <utility>

#include "alerts/notifier.h"

namespace soakwatch {
namespace {

using Write = std::function<void(const AlertTransition&, const std::string&)>;

class LogNotifier final : public Notifier {
 public:
  explicit LogNotifier(Write write) : write_(std::move(write)) {}

  Result<void> notify(const AlertTransition& transition) override {
    write_(transition, describe(transition));
    return {};
  }

  [[nodiscard]] std::string name() const override { return "log"; }

 private:
  Write write_;
};

}  // namespace

std::unique_ptr<Notifier> make_log_notifier(Write write) {
  return std::make_unique<LogNotifier>(std::move(write));
}

}  // namespace soakwatch
