#include "collectors/procfs/cmdline.h"

#include <algorithm>

namespace soakwatch {

CommandLine parse_cmdline(std::string_view text) {
  text = text.substr(0, kMaxCmdlineBytes);
  CommandLine line;
  line.argv0 = text.substr(0, text.find('\0'));
  // Programs that write their own title leave a tail of NULs.
  while (text.ends_with('\0')) text.remove_suffix(1);
  line.joined = text;
  std::replace(line.joined.begin(), line.joined.end(), '\0', ' ');
  return line;
}

std::string_view file_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace soakwatch
