// The four comparisons of `soakwatch compare`. Each prints its result on stdout, or an error on
// stderr, and returns the exit status.
#pragma once

#include "cli/compare/arguments.h"
#include "cli/compare/stored_pairs.h"
#include "cli/compare/subject.h"

namespace soakwatch {

int compare_captures(const CompareArguments& args, const Subject& before, const Subject& after);
int compare_times(const CompareArguments& args, WallTime before, WallTime after);
int compare_instances(const CompareArguments& args, InstanceId before, InstanceId after);
int compare_runs(const CompareArguments& args, const std::filesystem::path& baseline,
                 const std::filesystem::path& candidate);

// The functions of two profiles, as `go tool pprof -top -base A B` lists them.
int print_top(const CompareArguments& args, const CaptureBytes& before, const CaptureBytes& after);

}  // namespace soakwatch
