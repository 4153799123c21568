#include "cli/terminal.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace soakwatch {
namespace {

std::string coded(std::string_view code, std::string_view text, bool color) {
  if (!color) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace

bool is_terminal(Stream stream) {
  return isatty(stream == Stream::kOut ? STDOUT_FILENO : STDERR_FILENO) == 1;
}

bool wants_color(Stream stream) {
  const char* no_color = std::getenv("NO_COLOR");
  return is_terminal(stream) && (no_color == nullptr || *no_color == '\0');
}

std::string bold(std::string_view text, bool color) { return coded("1", text, color); }
std::string red(std::string_view text, bool color) { return coded("31", text, color); }
std::string dim(std::string_view text, bool color) { return coded("2", text, color); }

Progress::Progress(std::string what, std::int64_t total)
    : what_(std::move(what)), total_(total), on_(is_terminal(Stream::kErr) && total > 0) {}

Progress::~Progress() {
  if (on_ && shown_percent_ >= 0) std::fputs("\r\x1b[K", stderr);
}

void Progress::at(std::int64_t done) {
  if (!on_) return;
  const std::int64_t percent = done >= total_ ? 100 : done * 100 / total_;
  if (percent == shown_percent_) return;
  shown_percent_ = percent;
  std::fprintf(stderr, "\r%s %lld %%", what_.c_str(), static_cast<long long>(percent));
  std::fflush(stderr);
}

}  // namespace soakwatch
