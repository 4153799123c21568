// Calls to the system, and its words where they fail.
#pragma once

#include <string>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

// kDenied or kIo with the words of errno.
Error os_error(const std::string& what, int error_number);

// False: errno says why, and a part may have been written.
bool write_all(int fd, std::string_view content);

}  // namespace soakwatch
