#include "storage/quarantine.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "model/timestamp.h"
#include "storage/system_call.h"

namespace soakwatch {
namespace {

using std::filesystem::path;

}  // namespace

path with_suffix(const path& database, std::string_view suffix) {
  path result = database;
  result += suffix;
  return result;
}

// They belong together: a -wal beside another database would be taken for its own, and captures
// beside a database that does not know them would be removed. The database goes last, so that what
// is done again after a power cut is done to it.
Result<path> move_aside(const path& database, Quarantine why) {
  const auto now = std::chrono::floor<seconds>(std::chrono::system_clock::now());
  const std::string suffix =
      (why == Quarantine::kCorrupt ? ".corrupt-" : ".displaced-") + format_utc(now);
  path target = with_suffix(database, suffix);
  for (int i = 2; std::filesystem::exists(target); ++i) {
    target = with_suffix(database, fmt::format("{}-{}", suffix, i));
  }
  bool moved = false;
  for (const std::string_view part : {".captures", "-shm", "-wal", ""}) {
    if (::rename(with_suffix(database, part).c_str(), with_suffix(target, part).c_str()) == 0) {
      moved = true;
    } else if (errno != ENOENT) {
      return os_error(fmt::format("cannot move {}{} aside", database.string(), part), errno);
    }
  }
  return moved ? target : path();
}

}  // namespace soakwatch
