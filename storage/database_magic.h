// How an SQLite database begins, whoever's it is.
#pragma once

#include <array>
#include <istream>
#include <string_view>

namespace soakwatch {

// https://www.sqlite.org/fileformat.html, 1.3
inline constexpr std::string_view kDatabaseMagic{"SQLite format 3\0", 16};

// Reads the first bytes. False also where they cannot be read: `in` says so.
inline bool begins_a_database(std::istream& in) {
  std::array<char, kDatabaseMagic.size()> begin{};
  in.read(begin.data(), begin.size());
  return in && std::string_view(begin.data(), begin.size()) == kDatabaseMagic;
}

}  // namespace soakwatch
