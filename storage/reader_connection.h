// A connection that reads, also while another process writes.
#pragma once

#include <SQLiteCpp/Database.h>

#include <filesystem>
#include <memory>

#include "model/result.h"

namespace soakwatch {

// Errors as of SampleReader::open().
Result<std::unique_ptr<SQLite::Database>> connect_reader(const std::filesystem::path& database);

}  // namespace soakwatch
