// SPEC of the command line and the file: pid:1234 | name:sidecar | port:6060 | cmdline:REGEX |
// unit:NAME.service | cgroup:PATH, each with ",pprof=URL" or ",pprof=off" behind it. A bare word is
// a name, a bare number is a pid.
#pragma once

#include <string_view>

#include "model/result.h"
#include "model/target.h"

namespace soakwatch {

// Error: kInvalid, with what was expected and a "did you mean".
Result<TargetSpec> parse_target_spec(std::string_view text);

// A short name for a target that was given none: "sidecar", "pid-1234", "port-6060".
std::string default_target_name(const TargetSpec& spec);

}  // namespace soakwatch
