#include "evidence/fd_list.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "evidence/dump_lines.h"

namespace soakwatch {
namespace {

constexpr std::array<std::pair<std::string_view, FdType>, 7> kTypes = {{
    {"REG", FdType::kFile},
    {"DIR", FdType::kFolder},
    {"CHR", FdType::kCharacterDevice},
    {"BLK", FdType::kBlockDevice},
    {"FIFO", FdType::kPipe},
    {"SOCK", FdType::kSocket},
    {"anon", FdType::kKernelObject},
}};
constexpr std::size_t kColumns = 7;

std::optional<std::string> parse_column(std::string_view column) {
  if (column == "-") return std::string();
  std::string value;
  value.reserve(column.size());
  while (!column.empty()) {
    if (column.front() != '\\') {
      value += column.front();
      column.remove_prefix(1);
      continue;
    }
    if (column.size() < 4 || column[1] != 'x') return std::nullopt;
    const auto byte = number_of<std::uint8_t>(column.substr(2, 2), 16);
    if (!byte) return std::nullopt;
    value += static_cast<char>(*byte);
    column.remove_prefix(4);
  }
  return value;
}

std::optional<OpenFd> parse_fd(std::string_view line) {
  std::array<std::string_view, kColumns> columns;
  for (std::string_view& column : columns) {
    if (line.empty()) return std::nullopt;
    column = take(line, '\t');
  }
  const auto number = number_of<std::uint32_t>(columns[0]);
  if (!number || !line.empty()) return std::nullopt;
  OpenFd fd;
  fd.number = *number;
  for (const auto& [word, type] : kTypes) {
    if (columns[1] == word) fd.type = type;
  }
  std::size_t next = 2;
  for (std::string* text : {&fd.protocol, &fd.local, &fd.remote, &fd.state, &fd.target}) {
    auto value = parse_column(columns.at(next++));
    if (!value) return std::nullopt;
    *text = std::move(*value);
  }
  constexpr std::string_view kDeleted = " (deleted)";
  if (fd.target.ends_with(kDeleted)) {
    fd.deleted = true;
    fd.target.resize(fd.target.size() - kDeleted.size());
  }
  return fd;
}

// "listed=12  unlisted=0 ..."; false: a word is missing, or does not fit what was read.
bool parse_end(std::string_view line, FdList& list) {
  std::optional<std::uint64_t> listed;
  std::optional<std::uint64_t> unlisted;
  std::optional<std::uint64_t> unreadable;
  bool has_tables = false;
  while (!line.empty()) {
    std::string_view value = take(line, '\t');
    const std::string_view key = take(value, '=');
    if (key == "listed") listed = number_of<std::uint64_t>(value);
    if (key == "unlisted") unlisted = number_of<std::uint64_t>(value);
    if (key == "unreadable") unreadable = number_of<std::uint64_t>(value);
    if (key == "tables_missing") {
      has_tables = !value.empty();
      while (!value.empty() && value != "-") list.tables_missing.emplace_back(take(value, ','));
    }
  }
  if (listed != list.fds.size() || !unlisted || !unreadable || !has_tables) return false;
  list.unlisted = *unlisted;
  list.unreadable = *unreadable;
  return true;
}

}  // namespace

Result<FdList> parse_fd_list(std::string_view text) {
  if (take(text, '\n') != "soakwatch-fds\t1") {
    return invalid("not a list of descriptors in a version that is known");
  }
  const bool whole = text.ends_with('\n');
  FdList list;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (line.starts_with("end\t")) {
      take(line, '\t');
      if (!whole || !text.empty() || !parse_end(line, list)) break;
      return list;
    }
    if (list.fds.size() >= kMaxCapturedFds) {
      return Error{ErrorKind::kTooLarge, "the list of descriptors is too long"};
    }
    auto fd = parse_fd(line);
    if (!fd) {
      return invalid("the list of descriptors: line " + std::to_string(list.fds.size() + 2) +
                     " is wrong");
    }
    list.fds.push_back(std::move(*fd));
  }
  return invalid("the list of descriptors has no proper end: it was cut or changed");
}

FdList open_in_both(const FdList& before, const FdList& after) {
  std::unordered_map<std::uint32_t, const OpenFd*> old;
  for (const OpenFd& fd : before.fds) old.emplace(fd.number, &fd);
  FdList both;
  for (const OpenFd& fd : after.fds) {
    const auto found = old.find(fd.number);
    if (found == old.end()) continue;
    if (found->second->type == fd.type && found->second->target == fd.target) {
      both.fds.push_back(fd);
    }
  }
  return both;
}

std::vector<OftenOpenFile> files_open_often(const FdList& list, std::size_t at_least,
                                            std::size_t max_files) {
  std::unordered_map<std::string_view, std::size_t> counts;
  for (const OpenFd& fd : list.fds) {
    if (fd.type == FdType::kFile) ++counts[fd.target];
  }
  std::vector<OftenOpenFile> files;
  for (const auto& [path, count] : counts) {
    if (count >= at_least) files.push_back({std::string(path), count});
  }
  std::sort(files.begin(), files.end(), [](const OftenOpenFile& a, const OftenOpenFile& b) {
    return a.count != b.count ? a.count > b.count : a.path < b.path;
  });
  if (files.size() > max_files) files.resize(max_files);
  return files;
}

}  // namespace soakwatch
