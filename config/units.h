// Durations "500ms" "30s" "10m" "8h" "7d" "1h30m", sizes "512MiB" "64KiB" "1GB" "100", as written
// in the file and on the command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

// A number without a unit is refused, apart from 0. Not negative, at most 10 years.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// Bytes; KiB MiB GiB TiB are powers of 1024, kB MB GB TB powers of 1000; no unit is bytes.
Result<std::int64_t> parse_size(std::string_view text);

// The exact text that parse_* reads back: "1h30m", "512MiB", "1500".
std::string duration_text(std::chrono::milliseconds duration);
std::string size_text(std::int64_t bytes);

}  // namespace soakwatch
