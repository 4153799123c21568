#include "daemon/rebuilt_judge.h"

#include <utility>

#include "storage/row_values.h"
#include "storage/sample_reader.h"

namespace soakwatch {

ProcessJudge judge_of_new_program(const DetectionOptions& options, ProcessInfo process) {
  process.id.start_ticks = 0;
  return ProcessJudge(options, process);
}

Result<RebuiltJudge> rebuild_judge(const DetectionOptions& options, const ProcessInfo& process,
                                   const std::filesystem::path& database, InstanceId instance) {
  auto reader = SampleReader::open(database);
  if (!reader) return reader.error();
  const auto changes = reader->program_changes(instance);
  if (!changes) return changes.error();
  SampleQuery query;
  query.instance = instance;
  if (!changes->empty()) query.since = changes->back();
  RebuiltJudge rebuilt{
      changes->empty() ? ProcessJudge(options, process) : judge_of_new_program(options, process),
      0};
  const auto read = reader->for_each(query, [&](const SampleRow& row) {
    return replay_row(row, options.blocks.block, [&](const Sample& sample) {
      rebuilt.judge.observe(sample);
      ++rebuilt.samples;
      return true;
    });
  });
  if (!read) return read.error();
  rebuilt.judge.take_observations();  // they were told when they were new
  return rebuilt;
}

}  // namespace soakwatch
