// soakwatch capture SPEC KIND: one profile, table of open files or memory map, into a file.
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/output_file.h"
#include "collectors/pprof/pprof_client.h"
#include "collectors/procfs/process_table.h"
#include "config/target_spec.h"
#include "daemon/background_task.h"
#include "daemon/capture_fetch.h"
#include "daemon/clock.h"
#include "daemon/effective_config.h"
#include "daemon/options.h"
#include "daemon/process_setup.h"
#include "evidence/gunzip.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

namespace asio = boost::asio;

// What was compressed by us a moment ago: as long as the longest answer that is taken.
constexpr std::size_t kMaxTextBytes = std::size_t{256} << 20;

struct CaptureArguments {
  std::string spec;
  std::string kind;
  std::optional<std::filesystem::path> output;
  std::optional<int> seconds;
  bool stacks = false;
  ConfigFlags flags;
};

Result<std::shared_ptr<ProcessReader>> find_process(const TargetSpec& spec) {
  auto table = ProcessTable::scan(kProcRoot);
  if (!table) return table.error();
  auto matches = table->find(spec, getpid());
  if (!matches) return matches.error();
  if (matches->empty()) return not_found("no process fits " + printable(to_string(spec)));
  if (matches->size() > 1) {
    std::fprintf(stderr, "soakwatch: %zu processes fit; taking pid %d, which started first\n",
                 matches->size(), matches->front().pid);
  }
  auto boot_id = read_boot_id(kProcRoot);
  if (!boot_id) return boot_id.error();
  auto reader = ProcessReader::open(kProcRoot, matches->front().pid, *boot_id);
  if (!reader) return reader.error();
  return std::make_shared<ProcessReader>(std::move(*reader));
}

// Before anybody is asked: a mistake of the command line.
Result<void> check_server(const TargetSpec& spec, CaptureKind kind) {
  if (!is_from_pprof(kind)) return {};
  if (spec.pprof == PprofMode::kOff) return invalid("pprof=off, but a profile was asked for");
  if (spec.pprof != PprofMode::kUrl) return {};
  if (auto endpoint = parse_http_endpoint(spec.pprof_url); !endpoint) return endpoint.error();
  return {};
}

asio::awaitable<Result<HttpEndpoint>> find_server(asio::any_io_executor executor,
                                                  const TargetSpec& spec,
                                                  std::shared_ptr<const ProcessReader> process,
                                                  HttpLimits limits) {
  if (spec.pprof == PprofMode::kUrl) co_return parse_http_endpoint(spec.pprof_url);
  if (!shares_our_network(kProcRoot, *process)) {
    co_return not_found("the process has a network of its own; give ,pprof=URL with the SPEC");
  }
  auto sockets = listening_sockets(kProcRoot, *process);
  if (!sockets) co_return sockets.error();
  auto found = co_await find_pprof(executor, *sockets, limits);
  if (!found) {
    co_return not_found(
        "no pprof server among its listening sockets; where it has one elsewhere, give ,pprof=URL "
        "with the SPEC");
  }
  co_return found;
}

struct Work {
  CaptureKind kind;
  TargetSpec spec;
  CaptureSource source;
};

asio::awaitable<Result<FetchedCapture>> take(Work work) {
  if (is_from_pprof(work.kind)) {
    auto server = co_await find_server(work.source.executor, work.spec, work.source.process,
                                       work.source.limits);
    if (!server) co_return server.error();
    work.source.pprof = std::move(*server);
  }
  co_return co_await fetch_capture(work.kind, std::move(work.source));
}

Result<FetchedCapture> take_now(Work work) {
  asio::io_context context(1);
  asio::thread_pool workers(1);
  work.source.executor = context.get_executor();
  work.source.workers = &workers;
  auto done = asio::co_spawn(context, take(std::move(work)), asio::use_future);
  context.run();
  workers.join();
  auto fetched = done.get();
  // Text by hand is for eyes and grep.
  if (fetched && fetched->extension == "txt.gz") {
    auto text = gunzip(fetched->bytes, kMaxTextBytes);
    if (!text) return text.error();
    return FetchedCapture{std::move(*text), "txt"};
  }
  return fetched;
}

// "sidecar-heap-20261120-081500.pb.gz", in the current folder.
std::string default_name(const std::string& target, CaptureKind kind, const std::string& extension,
                         WallTime now) {
  std::string name;
  for (const char c : target.substr(0, 80)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    name += plain ? c : '_';
  }
  if (name.starts_with('.') || name.starts_with('-')) name.front() = '_';
  std::string stamp = format_local(now).substr(0, 19);  // 2026-11-20T08:15:00
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  for (char& c : stamp) c = c == 'T' ? '-' : c;
  return fmt::format("{}-{}-{}.{}", name, to_string(kind), stamp, extension);
}

Result<void> write_out(const std::optional<std::filesystem::path>& path, const std::string& bytes) {
  auto out = OutputFile::open(path, {});
  if (!out) return out.error();
  if (!(*out)->write(bytes)) return (*out)->failure();
  return (*out)->finish();
}

int capture(const CaptureArguments& args) {
  const auto kind = parse_capture_kind(args.kind);
  if (!kind) {
    report_error(kind.error());
    return kExitUsage;
  }
  if (args.stacks && *kind != CaptureKind::kGoroutine) {
    report_error(invalid("--stacks belongs to the kind goroutine"));
    return kExitUsage;
  }
  const auto spec = parse_target_spec(args.spec);
  if (!spec) {
    report_error(spec.error());
    return kExitUsage;
  }
  if (auto checked = check_expression(*spec); !checked) return report_error(checked.error());
  if (auto checked = check_server(*spec, *kind); !checked) return report_error(checked.error());
  const auto config = effective_config(args.flags);
  if (!config) return report_error(config.error());
  auto process = find_process(*spec);
  if (!process) {
    report_error(process.error());
    return process.error().kind == ErrorKind::kNotFound ? kExitTargetLost : kExitError;
  }
  CaptureSource source;
  source.process = *process;
  source.limits = capture_limits(config->pprof);
  source.duration =
      std::chrono::seconds(args.seconds.value_or(*kind == CaptureKind::kTrace ? 2 : 10));
  source.goroutine_dump = args.stacks;
  if (*kind == CaptureKind::kCpu || *kind == CaptureKind::kTrace) {
    std::fprintf(stderr, "soakwatch: this takes %lld s\n",
                 static_cast<long long>(source.duration.count()));
  }
  const auto fetched = take_now({*kind, *spec, std::move(source)});
  if (!fetched) {
    report_error(fetched.error());
    return kExitError;  // also where the answer is none: that is no mistake of the command line
  }
  std::optional<std::filesystem::path> path = args.output;
  if (!path) {
    path = default_name(default_target_name(*spec), *kind, fetched->extension, read_clocks().wall);
  }
  const bool to_stdout = *path == "-";
  if (to_stdout) path.reset();
  if (auto written = write_out(path, fetched->bytes); !written) {
    return report_error(written.error());
  }
  if (!to_stdout) std::printf("%s\n", path->c_str());
  if (!to_stdout && fetched->extension == "pb.gz") {
    std::fprintf(stderr, "soakwatch: %zu bytes; look at it with `go tool pprof -top %s`\n",
                 fetched->bytes.size(), path->c_str());
  }
  return kExitDone;
}

}  // namespace

void add_capture_command(CLI::App& app, int& status) {
  auto args = std::make_shared<CaptureArguments>();
  CLI::App* command = app.add_subcommand(
      "capture", "One profile, table of open files or memory map of a process, into a file");
  command->add_option("spec", args->spec, "Whose: pid:1234, sidecar, port:6060, ...")
      ->type_name("SPEC")
      ->required();
  command->add_option("kind", args->kind, "heap, allocs, goroutine, cpu, trace, fds or mappings")
      ->type_name("KIND")
      ->required();
  command
      ->add_option("-o,--output", args->output,
                   "File to write, - for standard output (default: NAME-KIND-TIME in this folder)")
      ->type_name("FILE");
  command
      ->add_option("--seconds", args->seconds,
                   "How long a cpu profile takes (default: 10), or a trace (2)")
      ->check(CLI::Range(1, 300));
  command->add_flag("--stacks", args->stacks,
                    "goroutine: each one with its wait in full; stops the program meanwhile");
  command->add_option("--config", args->flags.config_file, "Configuration file")->type_name("FILE");
  command->footer(
      "heap       live memory by call site          go tool pprof opens it\n"
      "allocs     all allocations since the start   go tool pprof opens it\n"
      "goroutine  goroutines by stack               go tool pprof opens it\n"
      "cpu        where processor time goes         go tool pprof opens it\n"
      "trace      each call, switch and wait        go tool trace opens it\n"
      "fds        open files and sockets, as text\n"
      "mappings   /proc/PID/smaps\n"
      "\n"
      "Examples:\n"
      "  soakwatch capture sidecar heap\n"
      "  soakwatch capture port:6060 goroutine --stacks -o - | less\n"
      "  soakwatch capture sidecar cpu --seconds 30\n"
      "  soakwatch compare EVENING.pb.gz MORNING.pb.gz      what grew between two of them");
  command->callback([args, &status] { status = capture(*args); });
}

}  // namespace soakwatch
