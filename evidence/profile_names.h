// What pprof does to the names in a profile before it shows them.
#pragma once

#include <string>
#include <string_view>

#include "evidence/profile.h"
#include "model/result.h"

namespace soakwatch {

// The name that pprof shows for a function whose name has not been made readable yet. Parameters
// and template arguments of C++ are left out, of Go's generic functions what looks like them. Names
// that begin with _Z stay as they are.
std::string shown_function_name(std::string_view name, std::string_view system_name);

// Takes off each stack what stands beneath a function that the profile says to drop (malloc and
// what it calls, say). Go's own profiles ask for nothing. Error kInvalid: not a regular expression,
// or one that takes too long.
Result<void> drop_frames(Profile& profile);

}  // namespace soakwatch
