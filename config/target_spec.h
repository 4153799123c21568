// SPEC of the command line and the file: pid:1234 | name:sidecar | port:6060 | cmdline:REGEX |
// unit:NAME.service | cgroup:PATH, each with ",pprof=URL" or ",pprof=off" behind it. A bare word is
// a name, a bare number is a pid.
#pragma once

#include <string>
#include <string_view>

#include "model/result.h"
#include "model/target.h"

namespace soakwatch {

// Only the last ",pprof=" counts: a cmdline expression may contain commas. Whether an expression is
// valid is checked where it is used. Error: kInvalid, with what was expected and a "did you mean".
Result<TargetSpec> parse_target_spec(std::string_view text);

// `spec` with what stands behind "pprof=": auto, off, http://HOST[:PORT][/PATH] or
// unix:/PATH/TO/SOCKET. Error: kInvalid.
Result<TargetSpec> with_pprof(TargetSpec spec, std::string_view text);

// A short name for a target that was given none: "sidecar", "pid-1234", "port-6060".
std::string default_target_name(const TargetSpec& spec);

// What is wrong with a name of a target: empty, over 64 bytes, '/', control characters or text that
// is not UTF-8. Empty when it is fine.
std::string target_name_mistake(std::string_view name);

}  // namespace soakwatch
