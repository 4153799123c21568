// soakwatch mem-monitor [port] [interval_seconds]: the drop-in for mem-monitor.sh. Same arguments,
// banner, header, rows, file name and N/A; the heap columns are filled, a round costs a hundredth,
// and nothing hangs.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <cstdio>

#include "cli/command.h"
#include "collectors/pprof/pprof_client.h"
#include "collectors/procfs/process_reader.h"
#include "collectors/procfs/process_table.h"
#include "daemon/clock.h"
#include "daemon/process_setup.h"
#include "storage/csv_export.h"

namespace soakwatch {
namespace {

namespace asio = boost::asio;

// What the script looked for with pgrep; used where nobody is found to listen on the port.
constexpr const char* kProcessName = "sidecar";

struct MemMonitorArguments {
  int port = 6060;
  double interval_seconds = 60;
};

class MemMonitor {
 public:
  MemMonitor(asio::io_context& context, const MemMonitorArguments& args, std::FILE* log)
      : args_(args),
        log_(log),
        timer_(context),
        pprof_(context.get_executor(), endpoint(args.port), limits(args)) {}

  asio::awaitable<void> run() {
    const auto interval = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(args_.interval_seconds));
    auto tick = std::chrono::steady_clock::now();
    while (!stopping_) {
      const Moment now = read_clocks();
      MetricValues values = read_process();
      if (auto index = co_await pprof_.read_index()) values.merge(*index);
      if (auto heap = co_await pprof_.read_heap()) values.merge(*heap);
      if (stopping_) co_return;
      print_row(now, values);
      if (std::ferror(stdout) != 0) co_return;  // nobody reads on, say
      // A round that took longer than the interval delays the next; rounds never pile up.
      tick = std::max(tick + interval, std::chrono::steady_clock::now());
      timer_.expires_at(tick);
      co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }
  void stop() {
    stopping_ = true;
    cancel_.emit(asio::cancellation_type::terminal);
  }
  [[nodiscard]] bool stopping() const { return stopping_; }
  // For run(): a stop does not wait for a server that is slow.
  [[nodiscard]] asio::cancellation_slot cancellation() { return cancel_.slot(); }
  void print(const std::string& text) {
    for (std::FILE* out : {stdout, log_}) {
      std::fputs(text.c_str(), out);
      std::fflush(out);
    }
  }
  [[nodiscard]] std::string header() const { return csv_.header(); }

 private:
  static HttpEndpoint endpoint(int port) {
    return {"localhost", static_cast<std::uint16_t>(port), "", "/debug/pprof/"};
  }
  static HttpLimits limits(const MemMonitorArguments& args) {
    HttpLimits limits;
    limits.timeout = std::min(limits.timeout,
                              milliseconds(static_cast<std::int64_t>(args.interval_seconds * 500)));
    limits.timeout = std::max(limits.timeout, milliseconds(200));
    return limits;
  }

  // RSS of the process behind the port; empty when there is none.
  MetricValues read_process() {
    if (process_) {
      if (auto values = process_->read_round()) return *values;
      process_.reset();
    }
    auto table = ProcessTable::scan(kProcRoot);
    auto boot_id = read_boot_id(kProcRoot);
    if (!table || !boot_id) return {};
    for (const TargetSpec& spec :
         {TargetSpec{TargetKind::kPort, std::to_string(args_.port), {}, {}, {}},
          TargetSpec{TargetKind::kName, kProcessName, {}, {}, {}}}) {
      auto found = table->find(spec, 0);
      if (!found || found->empty()) continue;
      auto opened = ProcessReader::open("/proc", found->front().pid, *boot_id);
      if (!opened) continue;
      process_.emplace(std::move(*opened));
      if (auto values = process_->read_round()) return *values;
    }
    return {};
  }

  void print_row(const Moment& now, const MetricValues& values) {
    SampleRow row;
    row.sample = {0, now.wall, now.monotonic, values};
    std::string text;
    csv_.append(row, text);
    print(text);
  }

  MemMonitorArguments args_;
  std::FILE* log_;
  asio::steady_timer timer_;
  PprofClient pprof_;
  std::optional<ProcessReader> process_;
  CsvWriter csv_{CsvOptions{CsvFormat::kMemMonitor, false, '.', false}};
  asio::cancellation_signal cancel_;
  bool stopping_ = false;
};

// "mem-20261120-084000.log".
std::string log_name(WallTime now) {
  std::string name;
  for (const char c : format_local(now)) {
    if (c == 'T') name += '-';
    if (c >= '0' && c <= '9') name += c;
  }
  return "mem-" + name + ".log";
}

int mem_monitor(const MemMonitorArguments& args) {
  if (!std::isfinite(args.interval_seconds))
    return report_error(invalid("the interval must be a number"));
  const std::string name = log_name(read_clocks().wall);
  std::FILE* log = std::fopen(name.c_str(), "we");
  if (log == nullptr) {
    return report_error({ErrorKind::kIo, "cannot write " + name + " in this folder: " +
                                             std::generic_category().message(errno)});
  }
  prepare_process();
  asio::io_context context(1);
  MemMonitor monitor(context, args, log);
  std::printf(
      "Monitoring sidecar memory (port=%d, interval=%gs)\nLogging to %s\nPress Ctrl+C to stop\n\n",
      args.port, args.interval_seconds, name.c_str());
  monitor.print(monitor.header());
  asio::signal_set signals(context);
  for (const int signal : stop_signals()) signals.add(signal);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) monitor.stop();
  });
  int status = kExitDone;
  const auto ended = [&](const std::exception_ptr& error) {
    signals.cancel();
    if (!error || monitor.stopping()) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      status = report_error({ErrorKind::kIo, e.what()});
    }
  };
  asio::co_spawn(context, monitor.run(),
                 asio::bind_cancellation_slot(monitor.cancellation(), ended));
  context.run();
  std::fclose(log);
  return status;
}

}  // namespace

void add_mem_monitor_command(CLI::App& app, int& status) {
  auto args = std::make_shared<MemMonitorArguments>();
  CLI::App* command = app.add_subcommand(
      "mem-monitor",
      "As mem-monitor.sh: a CSV row per round to the terminal and to mem-YYYYMMDD-HHMMSS.log");
  command->add_option("port", args->port, "Port of the pprof server on localhost")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  command->add_option("interval_seconds", args->interval_seconds, "Seconds between two rows")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  command->footer(
      "rss_mb is that of the process that listens on the port, else of one named `sidecar`. A "
      "value that cannot "
      "be read is N/A.");
  command->callback([args, &status] { status = mem_monitor(*args); });
}

}  // namespace soakwatch
