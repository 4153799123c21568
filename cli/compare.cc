// soakwatch compare A B: what grew between two captures.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>

#include "cli/command.h"
#include "cli/terminal.h"
#include "evidence/profile_top.h"
#include "evidence/read_breakdown.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = std::size_t{128} << 20;
constexpr std::size_t kMaxLineBytes = 4096;  // of pprof's text; names of generic functions are long
constexpr std::size_t kStacksShown = 3;
constexpr std::size_t kFramesShown = 16;

struct CompareArguments {
  fs::path before;
  fs::path after;
  std::string sample_index;
  std::size_t nodes = 20;
  bool top = false;
  bool json = false;
};

Result<std::string> read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::error_code ignored;
  if (!in || fs::is_directory(file, ignored)) {
    return not_found("cannot read " + printable(file.string()));
  }
  std::string bytes;
  std::string block(1 << 16, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    bytes.append(block, 0, static_cast<std::size_t>(in.gcount()));
    if (bytes.size() > kMaxFileBytes) {
      return Error{ErrorKind::kTooLarge,
                   fmt::format("{}: more than {}", printable(file.string()),
                               format_bytes(static_cast<double>(kMaxFileBytes)))};
    }
  }
  return bytes;
}

template <class T, class Parse>
Result<T> read_as(const fs::path& file, Parse parse) {
  const auto bytes = read_file(file);
  if (!bytes) return bytes.error();
  auto value = parse(*bytes);
  if (!value) return value.error().in(printable(file.string()));
  return std::move(*value);
}

// The table of metrics knows how a figure of each unit is written.
std::string amount(CaptureKind kind, double value) {
  const Unit unit = weight_unit(kind);
  const Metric metric = unit == Unit::kBytes     ? Metric::kRssBytes
                        : unit == Unit::kSeconds ? Metric::kCpuSecondsTotal
                                                 : Metric::kGoroutines;
  return value < 0 ? "-" + format_value(metric, -value) : format_value(metric, value);
}

std::string signed_amount(CaptureKind kind, double value) {
  return (value > 0 ? "+" : "") + amount(kind, value);
}

double total(const Breakdown& breakdown) {
  return weight_unit(breakdown.kind) == Unit::kBytes ? breakdown.total_bytes
                                                     : breakdown.total_count;
}

std::string who(const Group& group) {
  std::string text = group.name;
  if (!group.location.empty()) text += " (" + group.location + ")";
  if (!group.state.empty()) text += ", " + group.state;
  return text;
}

// Groups that are named after one helper are told apart by who called it.
std::vector<std::string> names_of(const std::vector<GroupGrowth>& growth, std::size_t shown) {
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < shown; ++i) ++seen[who(growth[i].after)];
  std::vector<std::string> names;
  for (std::size_t i = 0; i < shown; ++i) {
    const Group& group = growth[i].after;
    std::string name = who(group);
    const std::string named = group.name + " (" + group.location + ")";
    auto frame = std::find(group.stack.begin(), group.stack.end(), named);
    if (seen[name] > 1 && frame != group.stack.end() && ++frame != group.stack.end()) {
      name += " < " + *frame;
    }
    names.push_back(std::move(name));
  }
  return names;
}

void print_stack(const GroupGrowth& growth, bool color) {
  std::printf("\n%s\n", bold(who(growth.after), color).c_str());
  for (std::size_t i = 0; i < growth.after.stack.size(); ++i) {
    if (i == kFramesShown) {
      std::printf("    %s\n", fmt::format("... {} more", growth.after.stack.size() - i).c_str());
      break;
    }
    std::printf("    %s\n", growth.after.stack[i].c_str());
  }
}

void print_growth(const Breakdown& before, const Breakdown& after,
                  const std::vector<GroupGrowth>& growth, std::size_t most) {
  const bool color = wants_color(Stream::kOut);
  const CaptureKind kind = after.kind;
  std::printf("%s: %s before, %s now, %s\n", std::string(to_string(kind)).c_str(),
              amount(kind, total(before)).c_str(), amount(kind, total(after)).c_str(),
              signed_amount(kind, total(after) - total(before)).c_str());
  const auto grew = static_cast<std::size_t>(
      std::count_if(growth.begin(), growth.end(),
                    [](const GroupGrowth& group) { return group.now > group.before; }));
  if (grew == 0) {
    std::printf("nothing grew\n");
    return;
  }
  const std::size_t shown = most > 0 ? std::min(most, grew) : grew;
  std::printf("\n%s\n", dim(fmt::format("{:>11} {:>11} {:>11} {:>6}  {}", "before", "now", "change",
                                        "share", "who"),
                            color)
                            .c_str());
  const std::vector<std::string> names = names_of(growth, shown);
  for (std::size_t i = 0; i < shown; ++i) {
    const GroupGrowth& group = growth[i];
    std::printf("%s\n",
                fmt::format("{:>11} {:>11} {:>11} {:>4.0f} %  {}", amount(kind, group.before),
                            amount(kind, group.now), signed_amount(kind, group.now - group.before),
                            group.share * 100, names[i])
                    .c_str());
  }
  if (grew > shown) std::printf("%s\n", fmt::format("... {} more grew", grew - shown).c_str());
  if (growth.size() > grew) {
    double given_back = 0;
    for (std::size_t i = grew; i < growth.size(); ++i)
      given_back += growth[i].before - growth[i].now;
    std::printf("%s\n", fmt::format("{} shrank, by {} in all", growth.size() - grew,
                                    amount(kind, given_back))
                            .c_str());
  }
  for (std::size_t i = 0; i < std::min(shown, kStacksShown); ++i) {
    if (!growth[i].after.stack.empty()) print_stack(growth[i], color);
  }
}

// Bytes and counts are whole; seconds are not.
boost::json::value number(double value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (std::abs(value) <= kExact && std::floor(value) == value)
    return static_cast<std::int64_t>(value);
  return value;
}

boost::json::object json_of(const Breakdown& breakdown) {
  return {{"count", number(breakdown.total_count)}, {"bytes", number(breakdown.total_bytes)}};
}

boost::json::object json_of(const GroupGrowth& growth) {
  const Group& now = growth.after;
  boost::json::array stack;
  for (const std::string& frame : now.stack) stack.emplace_back(frame);
  boost::json::object object{{"name", now.name},
                             {"location", now.location},
                             {"state", now.state},
                             {"count_before", number(now.count - growth.count)},
                             {"count_now", number(now.count)},
                             {"count_change", number(growth.count)},
                             {"bytes_before", number(now.bytes - growth.bytes)},
                             {"bytes_now", number(now.bytes)},
                             {"bytes_change", number(growth.bytes)},
                             {"share", growth.share},
                             {"stack", std::move(stack)}};
  if (now.longest_wait) {
    object["longest_wait_seconds"] = static_cast<double>(now.longest_wait->count()) / 1000;
  }
  return object;
}

void print_json(const Breakdown& before, const Breakdown& after,
                const std::vector<GroupGrowth>& growth) {
  boost::json::array groups;
  for (const GroupGrowth& group : growth) groups.push_back(json_of(group));
  const boost::json::object object{{"kind", std::string(to_string(after.kind))},
                                   {"before", json_of(before)},
                                   {"now", json_of(after)},
                                   {"groups", std::move(groups)}};
  std::printf("%s\n", boost::json::serialize(object).c_str());
}

int compare_groups(const CompareArguments& args) {
  const auto read = [](std::string_view bytes) { return read_breakdown(bytes); };
  const auto before = read_as<Breakdown>(args.before, read);
  if (!before) return report_error(before.error());
  const auto after = read_as<Breakdown>(args.after, read);
  if (!after) return report_error(after.error());
  if (before->kind != after->kind) {
    return report_error(invalid(fmt::format("captures of different kinds: {} and {}",
                                            to_string(before->kind), to_string(after->kind))));
  }
  const std::vector<GroupGrowth> growth = what_grew(*before, *after);
  if (args.json) {
    print_json(*before, *after, growth);
  } else {
    print_growth(*before, *after, growth, args.nodes);
  }
  return kExitDone;
}

// As they are, but for what would command the terminal.
void print_lines(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    std::printf("%s\n", printable(line, kMaxLineBytes).c_str());
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
}

int compare_top(const CompareArguments& args) {
  if (args.json) return report_error(invalid("--top is text; --json goes without it"));
  const auto read = [](std::string_view bytes) { return parse_profile(bytes); };
  const auto before = read_as<Profile>(args.before, read);
  if (!before) return report_error(before.error());
  const auto after = read_as<Profile>(args.after, read);
  if (!after) return report_error(after.error());
  ProfileTopOptions options;
  options.sample_type = args.sample_index;
  options.nodes = args.nodes;
  const auto text = profile_top(*after, *before, options);
  if (!text) return report_error(text.error());
  print_lines(*text);
  return kExitDone;
}

int compare(const CompareArguments& args) {
  if (args.top) return compare_top(args);
  if (!args.sample_index.empty()) return report_error(invalid("--sample-index goes with --top"));
  return compare_groups(args);
}

}  // namespace

void add_compare_command(CLI::App& app, int& status) {
  auto args = std::make_shared<CompareArguments>();
  CLI::App* command = app.add_subcommand("compare", "What grew between two captures");
  command->add_option("before", args->before, "Capture to compare with")
      ->required()
      ->type_name("A");
  command->add_option("after", args->after, "The later capture, of the same kind")
      ->required()
      ->type_name("B");
  command->add_flag("--top", args->top,
                    "The functions of two profiles as `go tool pprof -top -base A B` lists them");
  command
      ->add_option("--sample-index", args->sample_index,
                   "With --top: inuse_space, inuse_objects, alloc_space, alloc_objects, cpu, ...; "
                   "without it the profile's default")
      ->type_name("TYPE");
  command->add_option("--nodes", args->nodes, "Lines that are shown; 0: all")
      ->capture_default_str()
      ->type_name("N");
  command->add_flag("--json", args->json, "One JSON object with all groups that changed");
  command->footer(
      "Captures are profiles (heap, allocs, goroutine, cpu), as fetched or gzip-compressed.\n"
      "Memory is listed by the line of the program that asked for it, goroutines by stack.");
  command->callback([args, &status] { status = compare(*args); });
}

}  // namespace soakwatch
