#include "collectors/procfs/fd_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "collectors/procfs/kernel_text.h"
#include "collectors/procfs/proc_file.h"

namespace soakwatch {
namespace {

struct OpenFile {
  std::string number;
  std::string_view type;
  std::string target;
  std::uint64_t socket_inode = 0;
};

// "socket:[12345]"; 0: another link.
std::uint64_t socket_inode(std::string_view link) {
  constexpr std::string_view kBegin = "socket:[";
  if (!link.starts_with(kBegin) || !link.ends_with(']')) return 0;
  link.remove_prefix(kBegin.size());
  link.remove_suffix(1);
  return parse_unsigned<std::uint64_t>(link).value_or(0);
}

std::string_view type_of_mode(unsigned mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "REG";
    case S_IFDIR:
      return "DIR";
    case S_IFCHR:
      return "CHR";
    case S_IFBLK:
      return "BLK";
    case S_IFIFO:
      return "FIFO";
    case S_IFSOCK:
      return "SOCK";
    default:
      return "?";
  }
}

// What has no path says by its link what it is; the kernel is asked about the rest.
std::string_view type_of(int process_fd, const std::string& number, std::string_view link) {
  if (link.starts_with("socket:[")) return "SOCK";
  if (link.starts_with("pipe:[")) return "FIFO";
  if (!link.starts_with('/') && (link.starts_with("anon_inode:") || link.ends_with(']'))) {
    return "anon";
  }
  struct statx attributes {};
  // What is in the cache will do: the type of an open file never changes.
  if (statx(process_fd, ("fd/" + number).c_str(), AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE,
            &attributes) != 0) {
    return "?";
  }
  return type_of_mode(attributes.stx_mode);
}

// Of a socket that stands in no table: the kernel's name for its protocol, in lower case and in the
// words of the tables; empty where it does not say.
std::string protocol_name(int process_fd, const std::string& number) {
  constexpr std::size_t kMaxNameBytes = 64;
  std::array<char, kMaxNameBytes> text{};
  const std::string path = "/proc/self/fd/" + std::to_string(process_fd) + "/fd/" + number;
  const ssize_t n = getxattr(path.c_str(), "system.sockprotoname", text.data(), text.size());
  if (n <= 0) return {};
  std::string name(text.data(), static_cast<std::size_t>(n));
  name.resize(std::min(name.find('\0'), name.size()));
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (name == "tcpv6") return "tcp6";
  if (name == "udpv6") return "udp6";
  if (name == "unix-stream") return "unix";
  return name;
}

struct Listing {
  std::vector<OpenFile> entries;
  std::unordered_set<std::uint64_t> sockets;
  std::uint64_t unlisted = 0;
  std::uint64_t unreadable = 0;
};

Result<Listing> list_fds(int process_fd, const FdTableLimits& limits) {
  Listing listing;
  std::size_t target_bytes = 0;
  std::size_t seen = 0;
  const auto listed = list_proc_folder(process_fd, "fd", [&](const char* name) {
    if (listing.entries.size() >= limits.max_fds || target_bytes >= limits.max_text_bytes) {
      ++listing.unlisted;
      return ++seen < kMaxListedFds;
    }
    OpenFile entry;
    entry.number = name;
    auto link = read_proc_link(process_fd, "fd/" + entry.number);
    if (!link) {  // else it was closed meanwhile
      if (link.error().kind == ErrorKind::kDenied) ++listing.unreadable;
      return ++seen < kMaxListedFds;
    }
    entry.type = type_of(process_fd, entry.number, *link);
    entry.socket_inode = socket_inode(*link);
    if (entry.socket_inode != 0) listing.sockets.insert(entry.socket_inode);
    entry.target = std::move(*link);
    target_bytes += entry.target.size();
    listing.entries.push_back(std::move(entry));
    return ++seen < kMaxListedFds;
  });
  if (!listed) return listed.error();
  return listing;
}

void append_line(std::string& text, const OpenFile& entry, const SocketEnds& ends) {
  text += entry.number;
  text += '\t';
  text += entry.type;
  for (const std::string& value :
       {ends.protocol, ends.local, ends.remote, ends.state, entry.target}) {
    text += '\t';
    text += fd_table_column(value);
  }
  text += '\n';
}

std::string joined(const std::vector<std::string>& words) {
  if (words.empty()) return "-";
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

}  // namespace

std::string fd_table_column(std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (value.empty()) return "-";
  std::string text;
  text.reserve(value.size());
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f && c != '\\' && value != "-") {
      text += c;
      continue;
    }
    text += "\\x";
    text += kHex[byte / 16U];
    text += kHex[byte % 16U];
  }
  return text;
}

Result<std::string> read_fd_table(const ProcessDirectory& process, const FdTableLimits& limits) {
  auto listing = list_fds(process.fd(), limits);
  if (!listing) return listing.error();
  SocketTables tables;
  if (!listing->sockets.empty()) {  // most processes have some, but a table costs milliseconds
    tables = read_socket_tables(process.fd(), listing->sockets, limits.max_socket_table_bytes);
  }
  std::string text = "soakwatch-fds\t1\n";
  std::size_t written = 0;
  for (const OpenFile& entry : listing->entries) {
    if (text.size() >= limits.max_text_bytes) break;
    SocketEnds ends;
    const auto found = tables.by_inode.find(entry.socket_inode);
    if (found != tables.by_inode.end()) {
      ends = found->second;
    } else if (entry.type == "SOCK") {
      ends.protocol = protocol_name(process.fd(), entry.number);
    }
    append_line(text, entry, ends);
    ++written;
  }
  const std::uint64_t unlisted = listing->unlisted + (listing->entries.size() - written);
  text += "end\tlisted=" + std::to_string(written) + "\tunlisted=" + std::to_string(unlisted) +
          "\tunreadable=" + std::to_string(listing->unreadable) +
          "\ttables_missing=" + joined(tables.missing) + "\n";
  return text;
}

}  // namespace soakwatch
