// gzip (RFC 1952), as profiles come over HTTP and captures lie on the disk.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

// Whether the bytes begin as a gzip file does.
bool is_gzip(std::string_view bytes);

// The whole text, of one member or several. Errors: kInvalid (no gzip, damaged, truncated, followed
// by something else), kTooLarge (more than `max_bytes`; no more than that is ever held).
Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes);

// One member. Errors: kTooLarge for 4 GiB and more.
Result<std::string> gzip(std::string_view text);

}  // namespace soakwatch
