// Whether a file can give pages back that are free.
#pragma once

#include <SQLiteCpp/Database.h>

#include <filesystem>
#include <string>

namespace soakwatch {

// A file of version 3 or older cannot. One that is small is rebuilt so that it can, where there is
// room for that, which takes about a second. Returns what to tell a person, else nothing. Call it
// before anything else writes. Throws SQLite::Exception.
std::string make_shrinkable(SQLite::Database& db, const std::filesystem::path& database);

}  // namespace soakwatch
