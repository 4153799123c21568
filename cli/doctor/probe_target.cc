#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "cli/command.h"
#include "cli/doctor/probes.h"
#include "collectors/pprof/pprof_client.h"
#include "collectors/procfs/go_environment.h"
#include "collectors/procfs/proc_file.h"
#include "collectors/procfs/process_directory.h"
#include "collectors/procfs/process_table.h"
#include "daemon/options.h"
#include "model/metric.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxProcFileBytes = 8192;

template <class Read>
ReadFacts read_of(const std::string& what, Read read) {
  const Result<std::string> found = read();
  if (!found) return {what, {}, found.error().message};
  return {what, *found, {}};
}

Result<std::string> size_of_file(const ProcessDirectory& process, const std::string& name,
                                 std::size_t max_bytes) {
  auto text = read_proc_file(process.fd(), name, max_bytes);
  if (!text) return text.error();
  return std::string("readable");
}

Result<std::string> count_descriptors(const ProcessDirectory& process) {
  auto count = process.fd_count_by_size();
  if (count && *count > 0) return std::to_string(*count) + " descriptors, by size";
  count = process.fd_count_by_listing();
  if (!count) return count.error();
  return std::to_string(*count) + " descriptors, by listing";
}

// One link is enough to know; a process without descriptors has nothing to hide.
Result<std::string> read_one_link(const ProcessDirectory& process) {
  std::string first;
  auto listed = list_proc_folder(process.fd(), "fd", [&first](const char* name) {
    first = name;
    return false;
  });
  if (!listed) return listed.error();
  if (first.empty()) return std::string("no descriptor is open");
  auto link = read_proc_link(process.fd(), "fd/" + first);
  if (!link) return link.error();
  return std::string("readable");
}

void read_depths(TargetFacts& facts) {
  const auto process =
      ProcessDirectory::open(AT_FDCWD, std::string(kProcRoot) + "/" + std::to_string(facts.pid));
  if (!process) {
    facts.reads.push_back({"statm", {}, process.error().message});
    return;
  }
  struct stat owner {};
  if (::fstat(process->fd(), &owner) == 0) facts.uid = owner.st_uid;
  facts.is_own = !facts.uid || *facts.uid == ::geteuid();
  facts.reads = {
      read_of("statm", [&] { return size_of_file(*process, "statm", kMaxProcFileBytes); }),
      read_of("fd count", [&] { return count_descriptors(*process); }),
      read_of("fd links", [&] { return read_one_link(*process); }),
      read_of("smaps_rollup",
              [&] { return size_of_file(*process, "smaps_rollup", kMaxProcFileBytes); }),
      read_of("environ", [&] { return size_of_file(*process, "environ", kMaxEnvironBytes); }),
  };
}

milliseconds since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - begin);
}

struct PprofReads {
  PprofFacts facts;
  MetricValues values;
};

asio::awaitable<Result<HttpEndpoint>> find_server(const asio::any_io_executor& executor,
                                                  const TargetSpec& spec,
                                                  const ProcessReader& process,
                                                  const HttpLimits& limits, PprofFacts& facts) {
  if (spec.pprof == PprofMode::kUrl) co_return parse_http_endpoint(spec.pprof_url);
  if (!shares_our_network(kProcRoot, process)) {
    co_return not_found("the process has a network of its own");
  }
  const auto sockets = listening_sockets(kProcRoot, process);
  if (!sockets) co_return sockets.error();
  facts.listening_sockets = sockets->size();
  auto found = co_await find_pprof(executor, *sockets, limits);
  if (!found) co_return not_found("no pprof server is found");
  co_return found;
}

// The references live until take_pprof() is done.
asio::awaitable<void> ask_pprof(asio::any_io_executor executor, const TargetSpec& spec,
                                const ProcessReader& process, HttpLimits limits,
                                PprofReads& reads) {
  PprofFacts& facts = reads.facts;
  auto server = co_await find_server(executor, spec, process, limits, facts);
  if (!server) {
    facts.trouble = server.error().message;
    co_return;
  }
  PprofClient client(executor, *server, limits);
  facts.url = url_of(client.endpoint(), "");
  // The first answer pays for the connection; rounds keep theirs.
  auto begin = std::chrono::steady_clock::now();
  const auto index = co_await client.read_index();
  if (index) {
    facts.index_latency = since(begin);
    reads.values.merge(*index);
  } else {
    facts.index_trouble = index.error().message;
  }
  begin = std::chrono::steady_clock::now();
  const auto heap = co_await client.read_heap();
  if (heap) {
    facts.heap_latency = since(begin);
    reads.values.merge(*heap);
  } else {
    facts.heap_trouble = heap.error().message;
  }
}

PprofReads take_pprof(const TargetSpec& spec, const ProcessReader& process, const Config& config) {
  PprofReads reads;
  reads.facts.timeout = config.pprof.timeout;
  reads.facts.off = spec.pprof == PprofMode::kOff;
  reads.facts.named = spec.pprof == PprofMode::kUrl;
  if (reads.facts.off) return reads;
  asio::io_context context(1);
  auto done = asio::co_spawn(
      context, ask_pprof(context.get_executor(), spec, process, http_limits(config.pprof), reads),
      asio::use_future);
  context.run();
  done.get();
  return reads;
}

void list_missing(const MetricValues& values, TargetFacts& facts) {
  facts.present = values.count();
  for (const MetricDescriptor& metric : all_metrics()) {
    if (values.has(metric.id)) continue;
    const bool of_proc =
        metric.source == Source::kProcRound || metric.source == Source::kProcDetail;
    (of_proc ? facts.missing_proc : facts.missing_pprof).emplace_back(metric.name);
  }
}

void play_round(const TargetSpec& spec, const Config& config, TargetFacts& facts) {
  const auto boot_id = read_boot_id(kProcRoot);
  auto process = ProcessReader::open(kProcRoot, facts.pid, boot_id ? *boot_id : std::string());
  if (!process) {
    facts.pprof.trouble = process.error().message;
    list_missing({}, facts);
    return;
  }
  MetricValues values;
  if (const auto round = process->read_round()) values.merge(*round);
  if (const auto detail = process->read_detail()) values.merge(*detail);
  PprofReads reads = take_pprof(spec, *process, config);
  facts.pprof = std::move(reads.facts);
  values.merge(reads.values);
  list_missing(values, facts);
}

}  // namespace

TargetFacts probe_target(const TargetSpec& spec, const Config& config) {
  TargetFacts facts;
  facts.spec = to_string(spec);
  auto table = ProcessTable::scan(kProcRoot);
  if (!table) {
    facts.trouble = table.error().message;
    return facts;
  }
  const auto matches = table->find(spec, ::getpid());
  if (!matches) {
    facts.trouble = matches.error().message;
    return facts;
  }
  facts.matches = matches->size();
  if (matches->empty()) return facts;
  facts.pid = matches->front().pid;
  facts.comm = matches->front().comm;
  read_depths(facts);
  play_round(spec, config, facts);
  return facts;
}

}  // namespace soakwatch
