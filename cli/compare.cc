// soakwatch compare A B: what grew between two captures, times or processes, and whether one run
// leaks where another does not.
#include "cli/command.h"
#include "cli/compare/comparisons.h"
#include "daemon/clock.h"

namespace soakwatch {
namespace {

struct Typed {
  CompareArguments args;
  std::string kind;
};

// What was given and would be ignored.
Result<void> check_options(const CompareArguments& args, SubjectSort sort) {
  const bool runs = sort == SubjectSort::kRun;
  if (args.top && args.json) return invalid("--top is text; --json goes without it");
  if (!args.top && !args.sample_index.empty()) return invalid("--sample-index goes with --top");
  if (args.fail_on_leak && (!runs || args.top))
    return invalid("--fail-on-leak goes with two runs, and without --top");
  if (!runs && (args.config || args.warm_up))
    return invalid("--config and --warm-up go with two runs");
  if (runs && args.database)
    return invalid("--db goes without runs, which are databases themselves");
  if (sort == SubjectSort::kCapture && (args.kind || args.target))
    return invalid("--kind and --target go without captures, which have theirs");
  return {};
}

int compare(Typed typed) {
  CompareArguments& args = typed.args;
  const WallTime now = read_clocks().wall;
  const auto a = parse_subject(args.a, now, path_sort);
  if (!a) return report_error(a.error());
  const auto b = parse_subject(args.b, now, path_sort);
  if (!b) return report_error(b.error());
  const auto sort = common_sort(*a, *b);
  if (!sort) return report_error(sort.error());
  if (!typed.kind.empty()) {
    const auto kind = parse_capture_kind(typed.kind);
    if (!kind) return report_error(invalid("--kind: " + kind.error().message));
    args.kind = *kind;
  }
  if (auto checked = check_options(args, *sort); !checked) return report_error(checked.error());
  switch (*sort) {
    case SubjectSort::kTime:
      return compare_times(args, std::get<TimeSubject>(*a).time, std::get<TimeSubject>(*b).time);
    case SubjectSort::kInstance:
      return compare_instances(args, std::get<InstanceSubject>(*a).id,
                               std::get<InstanceSubject>(*b).id);
    case SubjectSort::kRun:
      return compare_runs(args, std::get<RunSubject>(*a).database,
                          std::get<RunSubject>(*b).database);
    case SubjectSort::kCapture:
      break;
  }
  return compare_captures(args, *a, *b);
}

void add_run_options(CLI::App& command, CompareArguments& args) {
  command.add_flag("--fail-on-leak", args.fail_on_leak,
                   "Runs: status 3 where B leaks and A does not, 4 where that cannot be said");
  command
      .add_option("--config", args.config,
                  "Runs: configuration whose `detection` says what growth matters, and the warm-up")
      ->type_name("FILE");
  command
      .add_option("--warm-up", args.warm_up,
                  "Runs: what is left out at the start (detection.warm_up, 10m)")
      ->type_name("DURATION");
}

void add_capture_options(CLI::App& command, Typed& typed) {
  CompareArguments& args = typed.args;
  command.add_option("--kind", typed.kind, "Only captures of this kind: heap, goroutine, fds, ...")
      ->type_name("KIND");
  command.add_flag("--top", args.top,
                   "The functions of two profiles as `go tool pprof -top -base A B` lists them");
  command
      .add_option("--sample-index", args.sample_index,
                  "With --top: inuse_space, inuse_objects, alloc_space, alloc_objects, cpu, ...; "
                  "without it the profile's default")
      ->type_name("TYPE");
  command.add_option("--nodes", args.nodes, "Lines that are shown; 0: all")
      ->capture_default_str()
      ->type_name("N");
}

}  // namespace

void add_compare_command(CLI::App& app, int& status) {
  auto typed = std::make_shared<Typed>();
  CompareArguments& args = typed->args;
  CLI::App* command = app.add_subcommand(
      "compare", "What grew between two captures or times; whether one run leaks and another not");
  command->add_option("A", args.a, "Before, or the baseline")->required()->type_name("");
  command->add_option("B", args.b, "After, or the candidate; of the same sort as A")
      ->required()
      ->type_name("");
  command->add_option("--target", args.target, "Only this target; needed where there are several")
      ->type_name("NAME");
  add_database_option(*command, args.database);
  add_run_options(*command, args);
  add_capture_options(*command, *typed);
  command->add_flag("--json", args.json, "One JSON object, with all groups that changed");
  command->footer(
      "A and B are both one of\n"
      "  captures   files (heap, allocs, goroutine, cpu, fds, ...), or numbers of stored ones: 17\n"
      "  times      12h (ago), now, 2026-11-20T22:00: the captures and floors nearest to them\n"
      "  instances  instance:3: the first captures of each process\n"
      "  runs       report folders of two soaks, or databases: floors and paces side by side\n"
      "capture:, time:, instance:, run: and file: in front of a word say which is meant.\n"
      "Examples:\n"
      "  soakwatch compare before.pb.gz after.pb.gz        which line's memory grew\n"
      "  soakwatch compare 17 42                           the same of stored captures\n"
      "  soakwatch compare 12h now --target sidecar        what came overnight\n"
      "  soakwatch compare instance:1 instance:2           after a restart\n"
      "  soakwatch compare soak-v1 soak-v2 --fail-on-leak  a gate: does v2 leak where v1 did not?\n"
      "Exit status: 0 compared, 1 error, 2 usage; with --fail-on-leak 3 and 4 as above.");
  command->callback([typed, &status] { status = compare(*typed); });
}

}  // namespace soakwatch
