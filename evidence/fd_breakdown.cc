#include "evidence/fd_breakdown.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

#include "evidence/path_fold.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

// Linux' default for net.ipv4.ip_local_port_range begins here.
constexpr std::uint16_t kFirstClientPort = 32768;

// What a group is named after.
struct Subject {
  std::string what;    // "file", "TCP to"; comes before the path
  std::string folded;  // path or address; may be empty
  std::string exact;   // as it is, where `folded` says less
  std::string state;
};

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

// "[::ffff:10.0.0.1]:80" is 10.0.0.1: a server on both versions of IP sees its clients like that.
Address parse_address(std::string_view text) {
  constexpr std::string_view kMapped = "[::ffff:";
  Address address;
  const std::size_t colon = std::min(text.rfind(':'), text.size());
  std::string_view host = text.substr(0, colon);
  if (host.starts_with(kMapped) && host.find('.') != std::string_view::npos) {
    host.remove_prefix(kMapped.size());
    host = host.substr(0, host.find(']'));
  }
  address.host = host;
  if (colon < text.size()) {
    const std::string_view port = text.substr(colon + 1);
    std::from_chars(port.data(), port.data() + port.size(), address.port);
  }
  return address;
}

std::string to_text(const Address& address) {
  return address.host + ":" + std::to_string(address.port);
}

// Ports of the range for clients are given out by the kernel, so that many sockets of one origin
// each have their own.
std::string without_given_port(const Address& address) {
  return address.port >= kFirstClientPort ? address.host + ":*" : to_text(address);
}

bool is_inet(const OpenFd& fd) {
  return fd.protocol.starts_with("tcp") || fd.protocol.starts_with("udp");
}

Subject subject_of_inet(const OpenFd& fd, const std::set<std::uint16_t>& listening) {
  const bool tcp = fd.protocol.starts_with("tcp");
  const std::string protocol = tcp ? "TCP" : "UDP";
  const Address local = parse_address(fd.local);
  if (fd.state == "LISTEN") {
    return {"TCP listening on", without_given_port(local), to_text(local), fd.state};
  }
  if (fd.remote.empty()) {
    if (fd.local.empty()) return {protocol + " socket, not connected", {}, {}, fd.state};
    return {protocol + " on", without_given_port(local), to_text(local), fd.state};
  }
  const Address remote = parse_address(fd.remote);
  const bool accepted = tcp && (listening.contains(local.port) ||
                                (local.port < kFirstClientPort && remote.port >= kFirstClientPort));
  if (accepted) return {"TCP accepted on", to_text(local), {}, fd.state};
  return {protocol + " to", to_text(remote), {}, fd.state};
}

Subject subject_of_socket(const OpenFd& fd, const std::set<std::uint16_t>& listening) {
  if (is_inet(fd)) return subject_of_inet(fd, listening);
  if (fd.protocol.empty()) return {"socket", {}, {}, fd.state};
  if (!fd.protocol.starts_with("unix")) return {fd.protocol + " socket", {}, {}, fd.state};
  const std::string what = fd.protocol == "unix" ? "unix socket" : fd.protocol + " socket";
  return {what, fold_path(fd.local), fd.local, fd.state};
}

// "anon_inode:[eventfd]" -> "eventfd", "anon_inode:inotify" -> "inotify", "net:[4026531840]" ->
// "net".
std::string kernel_object(std::string_view link) {
  constexpr std::string_view kAnonymous = "anon_inode:";
  if (!link.starts_with(kAnonymous)) return std::string(link.substr(0, link.find(':')));
  link.remove_prefix(kAnonymous.size());
  if (link.starts_with('[') && link.ends_with(']')) link = link.substr(1, link.size() - 2);
  return std::string(link);
}

Subject subject_of_path(std::string what, const OpenFd& fd) {
  return {std::move(what), fold_path(fd.target), fd.target, fd.deleted ? "deleted" : ""};
}

Subject subject_of(const OpenFd& fd, const std::set<std::uint16_t>& listening) {
  constexpr std::string_view kMemfd = "/memfd:";
  switch (fd.type) {
    case FdType::kFile:
      if (fd.target.starts_with(kMemfd)) {
        const std::string name = fd.target.substr(kMemfd.size());
        return {"memfd", fold_path(name), name, {}};
      }
      return subject_of_path("file", fd);
    case FdType::kFolder:
      return subject_of_path("folder", fd);
    case FdType::kCharacterDevice:
    case FdType::kBlockDevice:
      return subject_of_path("device", fd);
    case FdType::kPipe:
      if (fd.target.starts_with('/')) return subject_of_path("named pipe", fd);
      return {"pipe", {}, {}, {}};
    case FdType::kSocket:
      return subject_of_socket(fd, listening);
    case FdType::kKernelObject:
      return {kernel_object(fd.target), {}, {}, {}};
    case FdType::kUnknown:
      break;
  }
  return subject_of_path("unknown", fd);
}

class Grouping {
 public:
  void add(const Subject& subject, double count) {
    const std::string key = subject.what + '\t' + subject.folded + '\t' + subject.state;
    auto [at, is_new] = parts_.try_emplace(key);
    Part& part = at->second;
    if (is_new) part.first = subject;
    part.one_only = part.one_only && part.first.exact == subject.exact;
    part.count += count;
  }

  [[nodiscard]] Breakdown result(std::size_t max_groups) const {
    Breakdown breakdown;
    breakdown.kind = CaptureKind::kFds;
    for (const auto& [key, part] : parts_) {
      const Subject& subject = part.first;
      const bool exact = part.one_only && !subject.exact.empty();
      const std::string& object = exact ? subject.exact : subject.folded;
      Group group;
      group.key = printable(key, kMaxGroupKeyBytes);
      group.name = printable(object.empty() ? subject.what : subject.what + " " + object,
                             kMaxGroupNameBytes);
      group.state = printable(subject.state);
      group.count = part.count;
      breakdown.total_count += part.count;
      breakdown.groups.push_back(std::move(group));
    }
    std::sort(breakdown.groups.begin(), breakdown.groups.end(), [](const Group& a, const Group& b) {
      return a.count != b.count ? a.count > b.count : a.key < b.key;
    });
    if (breakdown.groups.size() > max_groups) breakdown.groups.resize(max_groups);
    return breakdown;
  }

 private:
  struct Part {
    Subject first;
    bool one_only = true;
    double count = 0;
  };
  std::unordered_map<std::string, Part> parts_;
};

}  // namespace

Breakdown fd_breakdown(const FdList& list, std::size_t max_groups) {
  std::set<std::uint16_t> listening;
  for (const OpenFd& fd : list.fds) {
    if (fd.state == "LISTEN" && is_inet(fd)) listening.insert(parse_address(fd.local).port);
  }
  Grouping grouping;
  for (const OpenFd& fd : list.fds) grouping.add(subject_of(fd, listening), 1);
  if (list.unlisted > 0) {
    grouping.add({"beyond the limit of the list", {}, {}, {}}, static_cast<double>(list.unlisted));
  }
  if (list.unreadable > 0) {
    grouping.add({"hidden: the privilege is missing", {}, {}, {}},
                 static_cast<double>(list.unreadable));
  }
  return grouping.result(max_groups);
}

Result<Breakdown> read_fd_breakdown(std::string_view text, std::size_t max_groups) {
  const auto list = parse_fd_list(text);
  if (!list) return list.error();
  return fd_breakdown(*list, max_groups);
}

}  // namespace soakwatch
