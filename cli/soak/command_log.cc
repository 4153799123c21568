#include "cli/soak/command_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace soakwatch {

void CommandLog::append(std::string_view text) {
  tail_.append(text);
  if (tail_.size() > 2 * kMostTailBytes) tail_.erase(0, tail_.size() - kMostTailBytes);
  write(text);
}

bool CommandLog::open() {
  out_ = FileDescriptor(
      ::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  size_ = 0;
  return out_.valid();
}

void CommandLog::write(std::string_view text) {
  if (size_ + static_cast<std::int64_t>(text.size()) > most_bytes_ && size_ > 0) {
    ::rename(file_.c_str(), (file_.string() + ".1").c_str());
    out_ = FileDescriptor();
  }
  bool good = out_.valid() || open();
  while (good && !text.empty()) {
    const ssize_t written = ::write(out_.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    good = written > 0;
    if (!good) break;
    size_ += written;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!good && !failure_) {
    failure_ = Error{ErrorKind::kIo, "cannot write " + file_.string() + ": " +
                                         std::generic_category().message(errno)};
  }
}

std::string CommandLog::last_lines(std::size_t lines) const {
  std::string_view text = tail_;
  if (text.size() > kMostTailBytes) text.remove_prefix(text.size() - kMostTailBytes);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  std::size_t at = text.size();
  for (std::size_t i = 0; i < lines && at != std::string_view::npos; ++i) {
    at = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  }
  if (at != std::string_view::npos) text.remove_prefix(at + 1);
  return std::string(text);
}

}  // namespace soakwatch
