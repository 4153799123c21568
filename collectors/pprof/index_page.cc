#include "collectors/pprof/index_page.h"

#include <algorithm>
#include <charconv>

namespace soakwatch {
namespace {

constexpr std::size_t kMaxProfiles = 1024;
constexpr std::size_t kMaxNameBytes = 256;
constexpr std::uint64_t kMaxCount = std::uint64_t{1} << 53;  // exact in a double

// What stands before `end`, or all; `text` goes on behind it.
std::string_view cut(std::string_view& text, std::string_view end) {
  const std::size_t at = text.find(end);
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + end.size());
  return before;
}

// From "...<a href='goroutine?debug=1'>goroutine</a>" the text of the link. None where the closing
// tag is missing: the page was cut short.
std::optional<std::string_view> link_text(std::string_view cell) {
  cut(cell, "<a ");
  cut(cell, ">");
  const std::size_t end = cell.find("</a");
  if (end == std::string_view::npos || end == 0 || end > kMaxNameBytes) return std::nullopt;
  return cell.substr(0, end);
}

// From " align=right>13" or ">13</td>" the 13.
std::optional<std::uint64_t> number_text(std::string_view cell) {
  cut(cell, ">");
  const std::string_view digits = cut(cell, "<");
  std::uint64_t count = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, failed] = std::from_chars(digits.data(), last, count);
  if (failed != std::errc{} || end != last || count > kMaxCount) return std::nullopt;
  return count;
}

// Go 1.10 leaves out the closing tags of rows and cells, so the opening ones are what separates.
std::optional<ProfileCount> parse_row(std::string_view row) {
  cut(row, "<td");
  const std::string_view count_cell = cut(row, "<td");
  const std::optional<std::uint64_t> count = number_text(count_cell);
  const std::optional<std::string_view> name = link_text(row);
  if (!count || !name) return std::nullopt;
  return ProfileCount{std::string(*name), *count};
}

}  // namespace

std::optional<std::uint64_t> IndexPage::count(std::string_view name) const {
  const auto found =
      std::find_if(profiles.begin(), profiles.end(),
                   [name](const ProfileCount& profile) { return profile.name == name; });
  if (found == profiles.end()) return std::nullopt;
  return found->count;
}

Result<IndexPage> parse_index_page(std::string_view html) {
  IndexPage page;
  cut(html, "<table");
  std::string_view table = cut(html, "</table");
  cut(table, "<tr");
  while (!table.empty() && page.profiles.size() < kMaxProfiles) {
    if (std::optional<ProfileCount> profile = parse_row(cut(table, "<tr"))) {
      page.profiles.push_back(std::move(*profile));
    }
  }
  if (page.profiles.empty()) return invalid("no table of profiles on the page");
  return page;
}

}  // namespace soakwatch
