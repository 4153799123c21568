// The messages of profile.proto, put together to a profile. parse_profile() is the way in.
#pragma once

#include <string_view>

#include "evidence/profile.h"
#include "model/result.h"

namespace soakwatch {

// `bytes` are not compressed. As parse_profile().
Result<Profile> read_profile(std::string_view bytes, const ProfileLimits& limits);

}  // namespace soakwatch
