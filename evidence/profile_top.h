// The functions that weigh most in a profile, as text: byte for byte what `go tool pprof -top` of
// Go 1.26 writes about the same files. That of Go 1.19 writes the date in another form and
// otherwise the same.
//
// Code of which the profile has no names (the C library in a CPU profile) stays nameless, as with
// -symbolize=none: no file of this machine is looked at.
#pragma once

#include <cstddef>
#include <string>

#include "evidence/profile.h"
#include "evidence/profile_merge.h"
#include "model/result.h"

namespace soakwatch {

struct ProfileTopOptions {
  std::string sample_type;  // "inuse_space", "alloc_objects", ...; empty: the profile's default
  std::size_t nodes = 20;   // functions that are shown; 0: all
  BaseKind base = BaseKind::kSubtracted;
};

// The time is shown in the zone of this process. The text is as untrusted as the target. Error
// kInvalid: no such sample type; drop_frames is no regular expression.
Result<std::string> profile_top(const Profile& profile, const ProfileTopOptions& options = {});

// -base: what changed between the two. Error kInvalid also: they are of different kinds.
Result<std::string> profile_top(const Profile& now, const Profile& base,
                                const ProfileTopOptions& options = {});

}  // namespace soakwatch
