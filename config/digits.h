// Whether a word is a number without sign, before it is read as one.
#pragma once

#include <algorithm>
#include <string_view>

namespace soakwatch {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace soakwatch
