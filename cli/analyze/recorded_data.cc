#include "cli/analyze/recorded_data.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <system_error>

#include "cli/command.h"
#include "cli/terminal.h"
#include "model/printable.h"
#include "storage/csv_import.h"
#include "storage/database_magic.h"
#include "storage/row_values.h"
#include "storage/sample_reader.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kRowsPerProgress = 8192;
constexpr std::size_t kMostNamesTold = 10;
constexpr const char* kReplaced = "the process became another program";
constexpr const char* kFollowed = "another process of the target followed";

Error unreadable(const fs::path& file, const std::string& why) {
  return {ErrorKind::kIo, "cannot read " + printable(file.string(), 4096) + ": " + why};
}

bool in_range(const RecordedQuery& query, WallTime time) {
  return (!query.since || time >= *query.since) && (!query.until || time < *query.until);
}

// The rows of a CSV that the query wants.
class CsvPlayer {
 public:
  CsvPlayer(const RecordedQuery& query, Replay& replay, std::ifstream& in, std::int64_t size)
      : query_(query), replay_(replay), in_(in), progress_("analysing", size) {}

  // False: stop, `failure` says why.
  bool row(const CsvSample& row) {
    if (++rows_ % kRowsPerProgress == 0) progress_.at(in_.tellg());
    if (row.target && query_.target && *row.target != *query_.target) {
      if (others_.size() < kMostNamesTold) others_.insert(*row.target);
      return true;
    }
    taken_ = true;
    if (!in_range(query_, row.time)) return true;
    const auto pid = static_cast<int>(row.pid.value_or(0));
    const std::string& target = row.target ? *row.target : query_.target ? *query_.target : none_;
    if (auto added = replay_.add_row(target, pid, row.time, row.values); !added)
      failure = added.error();
    return !failure;
  }

  // The query names a target that the file does not have.
  [[nodiscard]] Result<void> check_target() const {
    if (taken_ || others_.empty()) return {};
    std::string names;
    for (const std::string& name : others_) names += (names.empty() ? "" : ", ") + printable(name);
    return not_found("no row of target '" + printable(*query_.target) + "' (there is: " + names +
                     ")");
  }

  std::optional<Error> failure;

 private:
  const RecordedQuery& query_;
  Replay& replay_;
  std::ifstream& in_;
  Progress progress_;
  std::int64_t rows_ = 0;
  bool taken_ = false;
  std::set<std::string> others_;
  const std::string none_;
};

Result<AnalysisSource> play_csv(const RecordedQuery& query, std::ifstream& in, std::int64_t size,
                                Replay& replay) {
  CsvReadOptions options;
  options.first_day = day_from_file_name(query.file.filename().string());
  CsvPlayer player(query, replay, in, size);
  auto read = read_csv(in, options, [&](const CsvSample& row) { return player.row(row); });
  if (!read) return read.error();
  if (in.bad()) return Error{ErrorKind::kIo, std::strerror(errno)};
  if (player.failure) return *player.failure;
  if (auto checked = player.check_target(); !checked) return checked.error();
  return AnalysisSource{{}, read->skipped_rows, std::move(read->unknown_columns)};
}

// Why the process ended within the time that is asked for; absent: it may still have run. The end
// of an import is no end of a process.
std::optional<std::string> end_reason(const RecordedQuery& query, const InstanceRow& instance) {
  const bool imported = instance.process.id.boot_id == kImportedBootId;
  if (imported || !instance.ended || (query.until && *instance.ended >= *query.until))
    return std::nullopt;
  return printable(instance.end_reason);
}

// One instance after the other, each in the order in which its samples arrived.
Result<AnalysisSource> play_database(const RecordedQuery& query, Replay& replay) {
  auto reader = SampleReader::open(query.file);
  if (!reader) return reader.error();
  if (query.target) {
    if (auto exists = check_target_exists(*reader, *query.target); !exists) return exists.error();
  }
  SampleQuery samples{query.target, {}, query.since, query.until};
  auto total = reader->count(samples);
  if (!total) return total.error();
  auto targets = reader->targets();
  if (!targets) return targets.error();
  Progress progress("analysing", *total);
  std::int64_t played = 0;
  for (const TargetRow& target : *targets) {
    if (query.target && target.name != *query.target) continue;
    auto instances = reader->instances(target.id);
    if (!instances) return instances.error();
    for (const InstanceRow& instance : *instances) {
      samples.target = target.name;
      samples.instance = instance.id;
      auto changes = reader->program_changes(instance.id);
      if (!changes) return changes.error();
      auto change = changes->begin();
      bool begun = false;
      auto read = reader->for_each(samples, [&](const SampleRow& row) {
        if (++played % kRowsPerProgress == 0) progress.at(played);
        if (!is_replayed(row, replay.block())) return true;
        // By exec the process became another program, which the daemon judged afresh.
        bool replaced = false;
        for (; change != changes->end() && *change <= begin_of(row); ++change) replaced = true;
        if (begun && replaced) replay.ended(kReplaced);
        if (!std::exchange(begun, true) || replaced) {
          ProcessInfo process = instance.process;
          if (replaced) process.id.start_ticks = 0;  // when the program started, nobody knows
          replay.begin(target.name, process);
        }
        return replay_row(row, replay.block(), [&](const Sample& sample) {
          replay.add(sample.time, sample.monotonic, sample.values);
          return true;
        });
      });
      if (!read) return read.error();
      if (!begun) continue;
      if (const auto reason = end_reason(query, instance)) {
        replay.ended(*reason);
      } else if (instance.id != instances->back().id && !query.until) {
        replay.ended(kFollowed);
      }
    }
  }
  return AnalysisSource{};
}

Result<AnalysisSource> play(const RecordedQuery& query, Replay& replay) {
  const fs::path file = query.file == "-" ? fs::path("/dev/stdin") : query.file;
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) return unreadable(file, "no such file");
  if (fs::is_directory(status)) return unreadable(file, "it is a folder");
  std::ifstream in(file, std::ios::binary);
  if (!in) return unreadable(file, std::strerror(errno));
  // What is no regular file can be read only once: a CSV.
  if (!fs::is_regular_file(status)) return play_csv(query, in, 0, replay);
  const bool is_database = begins_a_database(in);
  if (in.bad()) return unreadable(file, std::strerror(errno));
  if (is_database) {
    in.close();
    return play_database(query, replay);
  }
  in.clear();
  in.seekg(0);
  const std::uintmax_t size = fs::file_size(file, error);
  return play_csv(query, in, error ? 0 : static_cast<std::int64_t>(size), replay);
}

}  // namespace

Result<AnalysisSource> play_recorded(const RecordedQuery& query, Replay& replay) {
  auto played = play(query, replay);
  if (played) {
    played->file = query.file.string();
    return played;
  }
  const std::string name = printable(query.file.string(), 4096);
  if (played.error().message.find(name) != std::string::npos) return played;
  return played.error().in(name);
}

}  // namespace soakwatch
