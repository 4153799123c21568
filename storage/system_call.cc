#include "storage/system_call.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace soakwatch {

Error os_error(const std::string& what, int error_number) {
  const bool denied = error_number == EACCES || error_number == EPERM || error_number == EROFS;
  return {denied ? ErrorKind::kDenied : ErrorKind::kIo,
          what + ": " + std::generic_category().message(error_number)};
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace soakwatch
