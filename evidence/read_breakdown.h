// A capture of any kind, taken apart.
#pragma once

#include <string_view>

#include "evidence/breakdown.h"
#include "evidence/profile.h"
#include "model/result.h"

namespace soakwatch {

struct CaptureLimits {
  ProfileLimits profile;
};

// Tells by the content what was captured: plain or gzip. Errors: kInvalid (no capture, or damaged),
// kTooLarge.
Result<Breakdown> read_breakdown(std::string_view bytes, const CaptureLimits& limits = {});

}  // namespace soakwatch
