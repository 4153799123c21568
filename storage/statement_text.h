// Pieces of SQL that are made from lists of columns. Pure.
#pragma once

#include <string>
#include <string_view>

namespace soakwatch {

// "?, ?, ?"; at least one.
std::string placeholders(int count);

// "a = excluded.a, b = excluded.b" for the columns "a, b", of ON CONFLICT DO UPDATE SET.
std::string take_over(std::string_view columns);

}  // namespace soakwatch
