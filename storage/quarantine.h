// A broken database is kept: it is moved aside with all that belongs to it, never deleted.
// `soakwatch salvage` reads what is left in it.
#pragma once

#include <filesystem>

#include "model/result.h"

namespace soakwatch {

// Renames the database, its -wal, its -shm and its captures to `<database>.corrupt-<UTC time>` and
// so on, and gives the new name of the database. After an error the database itself is still in its
// place, and a second call moves the rest to another name.
Result<std::filesystem::path> move_aside(const std::filesystem::path& database);

}  // namespace soakwatch
