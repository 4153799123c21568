// Paths made comparable: what a program makes up for each file is folded to "*", so that the
// thousand files of one leak are one group.
#pragma once

#include <string>
#include <string_view>

namespace soakwatch {

// "/home/u/.claude/projects/5f3a9c01/12.jsonl" -> "/home/u/.claude/projects/*/*.jsonl",
// "/tmp/leaky-42/leak-17.tmp" -> "/tmp/leaky-*/leak-*.tmp".
//
// Folded are numbers, dates, UUIDs, hexadecimal and random ids, and the endings of temporary names;
// words, separators and the extension stay. A folded path says little about one file alone
// ("python*"): show the path itself where a group has only one. Takes any bytes, in linear time.
std::string fold_path(std::string_view path);

}  // namespace soakwatch
