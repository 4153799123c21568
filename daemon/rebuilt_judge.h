// The state of a process's detectors after a restart of the daemon, from what the store holds of
// it.
#pragma once

#include <cstdint>
#include <filesystem>

#include "detectors/process_judge.h"
#include "model/result.h"

namespace soakwatch {

// Of the program that a process became by exec: when that started, nobody knows.
ProcessJudge judge_of_new_program(const DetectionOptions& options, ProcessInfo process);

struct RebuiltJudge {
  ProcessJudge judge;
  std::int64_t samples = 0;
};

// Replays what the store holds of this process, so that a restart changes no judgement: of the
// program that it runs now, where it became another one by exec. Blocks.
Result<RebuiltJudge> rebuild_judge(const DetectionOptions& options, const ProcessInfo& process,
                                   const std::filesystem::path& database, InstanceId instance);

}  // namespace soakwatch
