#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "alerts/file_descriptor.h"
#include "alerts/notifier.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

Error failed(const char* what, int code) {
  return {ErrorKind::kIo, std::string(what) + ": " + std::generic_category().message(code)};
}

class JsonlNotifier final : public Notifier {
 public:
  explicit JsonlNotifier(std::filesystem::path file) : file_(std::move(file)) {}

  Result<void> notify(const AlertTransition& transition) override {
    return append(to_json(transition));
  }
  Result<void> tell(const Notice& notice) override { return append(to_json(notice)); }

  [[nodiscard]] std::string name() const override {
    return "JSON-lines file '" + printable(file_.string()) + "'";
  }

 private:
  Result<void> append(const std::string& json) {
    // O_NONBLOCK: to open a pipe that nobody reads must not hang before it is refused.
    constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    const FileDescriptor out(::open(file_.c_str(), kFlags, S_IRUSR | S_IWUSR));
    if (!out.valid()) return failed("cannot be opened", errno);
    struct stat status {};
    if (::fstat(out.get(), &status) != 0) return failed("cannot be examined", errno);
    if (!S_ISREG(status.st_mode)) return invalid("is not a regular file");

    const std::string line = (torn_ ? "\n" : "") + json + '\n';
    ssize_t written = 0;
    do {
      written = ::write(out.get(), line.data(), line.size());
    } while (written < 0 && errno == EINTR);
    if (written < 0) return failed("cannot be written", errno);
    torn_ = static_cast<std::size_t>(written) < line.size();
    if (torn_) return failed("took only a part of a line", ENOSPC);
    return {};
  }

  std::filesystem::path file_;
  bool torn_ = false;  // the last line lacks its end
};

}  // namespace

std::unique_ptr<Notifier> make_jsonl_notifier(std::filesystem::path file) {
  return std::make_unique<JsonlNotifier>(std::move(file));
}

}  // namespace soakwatch
