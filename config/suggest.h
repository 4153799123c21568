// "did you mean": the nearest of the words that were possible.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace soakwatch {

// The candidate with the smallest edit distance (a swap of neighbours counts once), if it is near
// enough to be a slip: at most a third of the word's length, at least 1.
std::optional<std::string> nearest(std::string_view word,
                                   std::span<const std::string_view> candidates);

// "; did you mean 'interval'?" or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace soakwatch
