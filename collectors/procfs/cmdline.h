// /proc/PID/cmdline.
#pragma once

#include <string>
#include <string_view>

namespace soakwatch {

inline constexpr std::size_t kMaxCmdlineBytes = 4096;

// Hostile: a process writes here what it likes. Empty for kernel threads.
struct CommandLine {
  std::string argv0;
  std::string joined;  // the arguments with blanks between them
};

// Takes any text; what is beyond kMaxCmdlineBytes is cut off.
CommandLine parse_cmdline(std::string_view text);

// The file name in a path: what stands after the last slash.
std::string_view file_name(std::string_view path);

}  // namespace soakwatch
