// What can still be read of a broken database, into a new one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/result.h"

namespace soakwatch {

struct SalvagedTable {
  std::string name;
  std::int64_t rows = 0;  // that came over
  // Ranges of ids of which something cannot be read; they may hold rows or none.
  std::int64_t broken_ranges = 0;
  std::int64_t refused_rows = 0;  // that do not fit the table's form: what was read is no row of it
};

struct Salvage {
  int version = 0;  // of the broken file
  std::vector<SalvagedTable> tables;
};

// Reads every table of `broken` in the order of its ids, without an index and from both sides of
// what cannot be read, and writes the rows into `fresh`, which it makes (0600) and brings to this
// program's version. A -wal beside the broken file is honoured. The original is not touched: it is
// copied to `<fresh>.salvage` first, with its -wal, and the copy is removed at the end. Errors:
// kInvalid (`fresh` exists, `broken` is no database of ours or newer), kNotFound, kDenied, kIo.
Result<Salvage> salvage(const std::filesystem::path& broken, const std::filesystem::path& fresh);

}  // namespace soakwatch
