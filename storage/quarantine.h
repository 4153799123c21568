// A database that is not written any more is kept: it is moved aside with all that belongs to it,
// never deleted. `soakwatch salvage` reads what is left in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

// The name of a file that belongs to it: "-wal", ".salvage".
std::filesystem::path with_suffix(const std::filesystem::path& database, std::string_view suffix);

enum class Quarantine : std::uint8_t {
  kCorrupt,    // the content is not what was written
  kDisplaced,  // it does not belong to the file that was written here before
};

// Renames the database, its -wal, its -shm and its captures, those that there are, to
// `<database>.corrupt-<UTC time>` or `<database>.displaced-<UTC time>` and so on, and gives the new
// name of the database; empty: there was nothing. After an error the database itself is still in
// its place, and a second call moves the rest to another name.
Result<std::filesystem::path> move_aside(const std::filesystem::path& database, Quarantine why);

}  // namespace soakwatch
