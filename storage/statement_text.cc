#include "storage/statement_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace soakwatch {

std::string placeholders(int count) {
  std::string text = "?";
  for (int i = 1; i < count; ++i) text += ", ?";
  return text;
}

std::string take_over(std::string_view columns) {
  std::string text;
  while (!columns.empty()) {
    const std::size_t comma = std::min(columns.find(", "), columns.size());
    const std::string_view column = columns.substr(0, comma);
    text += fmt::format("{}{} = excluded.{}", text.empty() ? "" : ", ", column, column);
    columns.remove_prefix(std::min(comma + 2, columns.size()));
  }
  return text;
}

}  // namespace soakwatch
