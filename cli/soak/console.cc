#include "cli/soak/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace soakwatch {

std::size_t Console::width() {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

void Console::show(std::string line) {
  const std::lock_guard lock(mutex_);
  if (!live_ || line == line_) return;
  line_ = std::move(line);
  std::fprintf(stderr, "\r\x1b[K%s", line_.c_str());
  std::fflush(stderr);
}

void Console::print(std::string_view text) {
  const std::lock_guard lock(mutex_);
  std::fprintf(stderr, "%s%.*s%s", line_.empty() ? "" : "\r\x1b[K", static_cast<int>(text.size()),
               text.data(), line_.c_str());
  std::fflush(stderr);
}

void ConsoleSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t text;
  formatter_->format(message, text);
  console_.print({text.data(), text.size()});
}

}  // namespace soakwatch
