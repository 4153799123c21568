#include "config/target_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "config/digits.h"
#include "config/suggest.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

struct Prefix {
  std::string_view word;
  TargetKind kind;
};
constexpr std::array<Prefix, 6> kPrefixes{{{"pid", TargetKind::kPid},
                                           {"name", TargetKind::kName},
                                           {"port", TargetKind::kPort},
                                           {"cmdline", TargetKind::kCmdline},
                                           {"unit", TargetKind::kUnit},
                                           {"cgroup", TargetKind::kCgroup}}};
constexpr std::array<std::string_view, 6> kPrefixWords{"pid",     "name", "port",
                                                       "cmdline", "unit", "cgroup"};
constexpr std::array<std::string_view, 1> kOptionWords{"pprof"};
constexpr std::array<std::string_view, 2> kPprofWords{"auto", "off"};

constexpr std::string_view kPprofOption = ",pprof=";
constexpr std::size_t kMaxSpecBytes = 4096;
constexpr std::size_t kMaxNameBytes = 255;               // NAME_MAX: the file name of argv[0]
constexpr std::size_t kMaxTargetNameBytes = 64;          // shown in every line
constexpr std::size_t kMaxSocketPathBytes = 107;         // sun_path of sockaddr_un, see unix(7)
constexpr std::int64_t kMaxPid = std::int64_t{1} << 22;  // PID_MAX_LIMIT of the kernel
constexpr std::int64_t kMaxPort = 65535;

bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// printable() changes exactly what is not fit to show.
bool is_printable(std::string_view text) { return printable(text, text.size() * 4 + 8) == text; }
std::string quoted(std::string_view text) { return "'" + printable(text, 80) + "'"; }

std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t most) {
  std::int64_t number = 0;
  if (!all_digits(text) || text.front() == '0') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number > most) return std::nullopt;
  return number;
}

// What is wrong with a value of this kind; empty when it is fine.
std::string value_mistake(TargetKind kind, std::string_view value) {
  switch (kind) {
    case TargetKind::kPid:
      if (!whole_number(value, kMaxPid)) {
        return fmt::format("a pid is a number from 1 to {}, not {}", kMaxPid, quoted(value));
      }
      return {};
    case TargetKind::kPort:
      if (!whole_number(value, kMaxPort)) {
        return fmt::format("a port is a number from 1 to {}, not {}", kMaxPort, quoted(value));
      }
      return {};
    case TargetKind::kName:
      if (value.empty()) return "a name is missing, such as name:sidecar";
      if (value.find('/') != std::string_view::npos) {
        return fmt::format("{} is a path; a name has no '/', as in name:{}", quoted(value),
                           printable(value.substr(value.rfind('/') + 1), 80));
      }
      if (value.size() > kMaxNameBytes) return "the name is longer than 255 bytes";
      return {};
    case TargetKind::kUnit: {
      const bool known = value.ends_with(".service") || value.ends_with(".scope");
      if (value.empty() || value.front() == '.')
        return "a unit is missing, such as unit:NAME.service";
      if (value.find('/') != std::string_view::npos) return "the name of a unit has no '/'";
      if (value.size() > kMaxNameBytes) return "the name of the unit is longer than 255 bytes";
      if (known) return {};
      if (value.find('.') == std::string_view::npos) {
        return fmt::format("unit {} needs its type; did you mean '{}.service'?", quoted(value),
                           printable(value, 80));
      }
      return fmt::format("unit {} must end in .service or .scope: only those hold processes",
                         quoted(value));
    }
    case TargetKind::kCgroup:
      if (!value.starts_with('/')) {
        return fmt::format("a cgroup path begins with '/', as in cgroup:/user.slice, not {}",
                           quoted(value));
      }
      return {};
    case TargetKind::kCmdline:
      if (value.empty()) return "an expression is missing, such as cmdline:node.*server";
      return {};
    case TargetKind::kCommand:
      break;
  }
  return "a command is given as arguments, not as text";
}

// "host", "host:6060", "[::1]:6060"
bool is_authority(std::string_view text) {
  std::string_view host = text;
  std::optional<std::string_view> port;
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return false;
  if (const auto colon = text.find(':', bracket); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (bracket != 0) {
    if (host.size() != bracket + 1) return false;
    host = host.substr(1, host.size() - 2);
  }
  const bool good_host = !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
    return is_alnum(c) || c == '.' || c == '-' || c == '_' || (bracket != 0 && c == ':');
  });
  return good_host && (!port || whole_number(*port, kMaxPort));
}

std::string url_mistake(std::string_view url) {
  if (url.starts_with("unix:/")) {
    const std::string_view path = url.substr(5);
    if (path.size() < 2) return "the path of the socket is missing behind unix:";
    if (path.size() > kMaxSocketPathBytes) {
      return fmt::format("the path of a socket has at most {} bytes", kMaxSocketPathBytes);
    }
    return {};
  }
  constexpr std::string_view kHttp = "http://";
  if (!url.starts_with(kHttp)) {
    return fmt::format("pprof is auto, off, http://HOST:PORT[/PATH] or unix:/PATH, not {}{}",
                       quoted(url), did_you_mean(url, kPprofWords));
  }
  const std::string_view rest = url.substr(kHttp.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (!is_authority(authority)) {
    return fmt::format("{} is no HOST or HOST:PORT in the pprof address", quoted(authority));
  }
  if (rest.find_first_of("?# ") != std::string_view::npos) {
    return "the pprof address has neither a query nor blanks, such as http://127.0.0.1:6060";
  }
  return {};
}

// The kind that the text names, and the text behind it; a bare number is a pid, a bare word a name.
Result<TargetSpec> split_kind(std::string_view text) {
  TargetSpec spec;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    spec.kind = all_digits(text) ? TargetKind::kPid : TargetKind::kName;
    spec.value = text;
    return spec;
  }
  const std::string_view word = text.substr(0, colon);
  for (const auto& prefix : kPrefixes) {
    if (prefix.word == word) {
      spec.kind = prefix.kind;
      spec.value = text.substr(colon + 1);
      return spec;
    }
  }
  if (word == "command") return invalid(value_mistake(TargetKind::kCommand, {}));
  return invalid(fmt::format(
      "unknown kind of target {}; known are pid:, name:, port:, cmdline:, unit: and cgroup:{}",
      quoted(word), did_you_mean(word, kPrefixWords)));
}

}  // namespace

Result<TargetSpec> with_pprof(TargetSpec spec, std::string_view text) {
  spec.pprof_url.clear();
  if (text == "auto") {
    spec.pprof = PprofMode::kAuto;
  } else if (text == "off") {
    spec.pprof = PprofMode::kOff;
  } else {
    if (!is_printable(text)) return invalid("the pprof address has control characters in it");
    if (std::string mistake = url_mistake(text); !mistake.empty()) return invalid(mistake);
    spec.pprof = PprofMode::kUrl;
    spec.pprof_url = text;
  }
  return spec;
}

Result<TargetSpec> parse_target_spec(std::string_view text) {
  if (text.empty()) return invalid("a target is missing, such as name:sidecar or pid:1234");
  if (text.size() > kMaxSpecBytes) {
    return invalid(fmt::format("a target has at most {} bytes", kMaxSpecBytes));
  }
  if (!is_printable(text)) return invalid("the target has control characters in it");
  const std::size_t option = text.rfind(kPprofOption);
  auto spec = split_kind(text.substr(0, option));
  if (!spec) return spec;
  // In an expression or a path, ",word=" may be meant; elsewhere it is a slip.
  if (spec->kind != TargetKind::kCmdline && spec->kind != TargetKind::kCgroup) {
    const std::string_view value = spec->value;
    const std::size_t comma = value.find(',');
    const std::size_t equals = value.find('=', std::min(comma, value.size()));
    if (equals != std::string_view::npos) {
      const std::string_view word = value.substr(comma + 1, equals - comma - 1);
      return invalid(fmt::format("unknown option {} of a target; known is pprof{}", quoted(word),
                                 did_you_mean(word, kOptionWords)));
    }
  }
  if (std::string mistake = value_mistake(spec->kind, spec->value); !mistake.empty()) {
    return invalid(mistake);
  }
  if (option == std::string_view::npos) return spec;
  return with_pprof(*std::move(spec), text.substr(option + kPprofOption.size()));
}

std::string default_target_name(const TargetSpec& spec) {
  std::string name;
  switch (spec.kind) {
    case TargetKind::kPid:
      return "pid-" + spec.value;
    case TargetKind::kPort:
      return "port-" + spec.value;
    case TargetKind::kName:
      name = spec.value;
      break;
    case TargetKind::kUnit:
      name = spec.value.ends_with(".service") ? spec.value.substr(0, spec.value.size() - 8)
                                              : spec.value;
      break;
    case TargetKind::kCgroup:
      name = spec.value;
      while (name.ends_with('/')) name.pop_back();
      name = name.substr(name.rfind('/') + 1);
      if (name.empty()) name = "cgroup-root";
      break;
    case TargetKind::kCommand:
      if (!spec.command.empty()) name = spec.command[0].substr(spec.command[0].rfind('/') + 1);
      if (name.empty()) name = "command";
      break;
    case TargetKind::kCmdline:
      name = "cmdline-";  // the letters and digits of the expression, runs of others as one dash
      for (const char c : spec.value) {
        if (is_alnum(c)) {
          name += c;
        } else if (!name.ends_with('-')) {
          name += '-';
        }
      }
      while (name.ends_with('-')) name.pop_back();
      break;
  }
  if (name.size() > kMaxTargetNameBytes) {
    std::size_t end = kMaxTargetNameBytes;  // not within a UTF-8 sequence
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
    name.resize(end);
  }
  return is_printable(name) ? name : "target";
}

std::string target_name_mistake(std::string_view name) {
  if (name.empty()) return "the name of a target is empty";
  if (name.size() > kMaxTargetNameBytes) {
    return fmt::format("the name of a target has at most {} bytes", kMaxTargetNameBytes);
  }
  if (name.find('/') != std::string_view::npos) return "the name of a target has no '/'";
  if (!is_printable(name)) return "the name of a target has control characters in it";
  return {};
}

}  // namespace soakwatch
