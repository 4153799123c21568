#include <boost/json/serialize.hpp>
#include <cstdio>

#include "cli/command.h"
#include "cli/compare/comparisons.h"
#include "cli/compare/growth_output.h"
#include "cli/terminal.h"
#include "evidence/profile_top.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::size_t kStacksShown = 3;
constexpr std::size_t kMaxLineBytes = 4096;  // of pprof's text; names of generic functions are long

// As they are, but for what would command the terminal.
void print_lines(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    std::printf("%s\n", printable(line, kMaxLineBytes).c_str());
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
}

Result<CaptureBytes> read_subject(const CompareArguments& args, const Subject& subject) {
  if (const auto* file = std::get_if<FileSubject>(&subject)) return read_capture_at(file->path);
  const std::filesystem::path database = database_or_default(args.database);
  auto reader = SampleReader::open(database);
  if (!reader) return reader.error();
  const auto capture = find_capture(*reader, std::get<CaptureSubject>(subject).id);
  if (!capture) return capture.error();
  return read_stored(database, *capture);
}

Result<Profile> profile_of(const CaptureBytes& capture) {
  auto profile = parse_profile(capture.bytes);
  if (!profile) return profile.error().in(capture.name);
  return profile;
}

}  // namespace

int print_top(const CompareArguments& args, const CaptureBytes& before, const CaptureBytes& after) {
  const auto first = profile_of(before);
  if (!first) return report_error(first.error());
  const auto second = profile_of(after);
  if (!second) return report_error(second.error());
  ProfileTopOptions options;
  options.sample_type = args.sample_index;
  options.nodes = args.nodes;
  const auto text = profile_top(*second, *first, options);
  if (!text) return report_error(text.error());
  print_lines(*text);
  return kExitDone;
}

int compare_captures(const CompareArguments& args, const Subject& before, const Subject& after) {
  const auto first = read_subject(args, before);
  if (!first) return report_error(first.error());
  const auto second = read_subject(args, after);
  if (!second) return report_error(second.error());
  if (args.top) return print_top(args, *first, *second);
  const auto pair = pair_of(*first, *second);
  if (!pair) return report_error(pair.error());
  if (args.json) {
    boost::json::object object = growth_json(*pair);
    object["sort"] = to_string(SubjectSort::kCapture);
    std::printf("%s\n", boost::json::serialize(object).c_str());
  } else {
    std::fputs(growth_text(*pair, args.nodes, kStacksShown, wants_color(Stream::kOut)).c_str(),
               stdout);
  }
  return kExitDone;
}

}  // namespace soakwatch
