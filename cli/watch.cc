// soakwatch watch SPEC: samples in the foreground.
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/terminal.h"
#include "daemon/effective_config.h"
#include "daemon/monitor.h"
#include "daemon/process_setup.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

struct WatchArguments {
  std::string spec;
  std::vector<std::string> command;
  ConfigFlags flags;
  std::optional<std::filesystem::path> database;
  bool json = false;
};

// One column of the table: a metric, or the CPU share, which needs two rounds.
struct Column {
  const char* title;
  int width;
  Metric metric;
};
constexpr Column kColumns[] = {
    {"rss", 10, Metric::kRssBytes},
    {"anon", 10, Metric::kRssAnonBytes},
    {"fds", 7, Metric::kOpenFds},
    {"threads", 7, Metric::kThreads},
    {"goroutines", 10, Metric::kGoroutines},
    {"heap", 10, Metric::kHeapAllocBytes},
    {"next gc", 10, Metric::kNextGcBytes},
};

class LiveTable : public Listener {
 public:
  explicit LiveTable(bool json) : json_(json), color_(wants_color(Stream::kOut)) {}

  void on_sample(const std::string& target, const ProcessInfo& process,
                 const Sample& sample) override {
    const std::string line =
        json_ ? json_line(target, process, sample) : table_line(process, sample);
    std::fputs((line + "\n").c_str(), stdout);
    std::fflush(stdout);
    if (std::ferror(stdout) != 0 && on_unwritable) on_unwritable();
  }
  // Nobody reads on, say.
  std::function<void()> on_unwritable;
  // Events and alerts are words: the log tells them on stderr.
  void on_event(const std::string&, const Event&) override {}
  void on_alert(const AlertTransition&) override {}

 private:
  static std::string json_line(const std::string& target, const ProcessInfo& process,
                               const Sample& sample) {
    std::string row =
        fmt::format(R"({{"time":"{}","target":{},"pid":{})", format_utc(sample.time),
                    boost::json::serialize(boost::json::value(printable(target))), process.id.pid);
    for (const MetricDescriptor& metric : all_metrics()) {
      // fmt writes the shortest text that reads back the same, and whole numbers without a
      // fraction.
      if (const auto value = sample.values.get(metric.id)) {
        row += is_integral(metric.id)
                   ? fmt::format(R"(,"{}":{})", metric.name, static_cast<std::int64_t>(*value))
                   : fmt::format(R"(,"{}":{})", metric.name, *value);
      }
    }
    return row + "}";
  }

  std::string table_line(const ProcessInfo& process, const Sample& sample) {
    constexpr int kRowsPerHeader = 20;
    if (process.id.pid != pid_) {
      pid_ = process.id.pid;
      last_cpu_.reset();
      heap_ = {};
    }
    std::string out;
    if (rows_++ % kRowsPerHeader == 0) out += bold(header(), color_) + "\n";
    // Heap figures come on a slower beat and stand until the next reading.
    for (const MetricDescriptor& metric : all_metrics()) {
      const auto value = sample.values.get(metric.id);
      if (metric.source == Source::kPprofHeap && value) heap_.set(metric.id, *value);
    }
    MetricValues shown = heap_;
    shown.merge(sample.values);
    out +=
        format_local_clock(sample.time) + padded(std::to_string(pid_), 8) + padded(cpu(sample), 8);
    for (const Column& column : kColumns) {
      const auto value = shown.get(column.metric);
      out += "  " + padded(value ? format_value(column.metric, *value) : "-", column.width);
    }
    return out;
  }

  static std::string header() {
    std::string out = "time    " + padded("pid", 8) + padded("cpu", 8);
    for (const Column& column : kColumns) out += "  " + padded(column.title, column.width);
    return out;
  }

  std::string cpu(const Sample& sample) {
    const auto total = sample.values.get(Metric::kCpuSecondsTotal);
    if (!total) return "-";
    std::string text = "-";
    if (last_cpu_) {
      const double passed = std::chrono::duration<double>(sample.monotonic - last_time_).count();
      if (passed > 0)
        text = std::to_string(std::lround(100 * (*total - *last_cpu_) / passed)) + " %";
    }
    last_cpu_ = total;
    last_time_ = sample.monotonic;
    return text;
  }

  static std::string padded(const std::string& text, int width) {
    const auto wanted = static_cast<std::size_t>(width);
    return text.size() >= wanted ? text : std::string(wanted - text.size(), ' ') + text;
  }

  bool json_;
  bool color_;
  int rows_ = 0;
  int pid_ = 0;
  MetricValues heap_;
  std::optional<double> last_cpu_;
  milliseconds last_time_{0};
};

int watch(const WatchArguments& args) {
  if (args.spec.empty() == args.command.empty()) {
    return report_error(invalid("give a SPEC to watch, or a command behind --"));
  }
  auto config = foreground_config(args.flags, args.spec, args.command);
  if (!config) return report_error(config.error());
  if (args.database) config->storage.database = *args.database;
  config->storage.live_csv.clear();
  const Logger logger = make_logger(config->log);
  prepare_process();
  // With a child of ours, a reader that goes away (| head) must not end us before it.
  if (!args.command.empty()) std::signal(SIGPIPE, SIG_IGN);
  boost::asio::io_context context(1);
  LiveTable table(args.json);
  MonitorOptions options;
  options.store = args.database.has_value();
  options.listener = &table;
  auto monitor = Monitor::create(context, *config, options, logger);
  if (!monitor) return report_error(monitor.error());
  boost::asio::signal_set signals(context);
  for (const int signal : stop_signals()) signals.add(signal);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    signals.clear();  // a second one ends the program at once
    (*monitor)->stop();
  });
  table.on_unwritable = [&] { (*monitor)->stop(); };
  (*monitor)->start([&] { signals.cancel(); });
  context.run();
  if (auto stored = (*monitor)->finish(); !stored) return report_error(stored.error());
  switch ((*monitor)->ends().front()) {
    case TargetEnd::kNone:
      return kExitDone;
    case TargetEnd::kEnded:
      return args.command.empty() ? kExitTargetLost : kExitDone;
    case TargetEnd::kNotStarted:
      return kExitError;
    case TargetEnd::kNotFound:
      return kExitTargetLost;
  }
  return kExitDone;
}

}  // namespace

void add_watch_command(CLI::App& app, const std::vector<std::string>& words, int& status) {
  auto args = std::make_shared<WatchArguments>();
  args->command = words;
  CLI::App* command = app.add_subcommand(
      "watch", "Sample in the foreground: a line per round on stdout, events and alerts on stderr");
  command->add_option("spec", args->spec, "What to watch: pid:1234, sidecar, port:6060, ...")
      ->type_name("SPEC");
  command
      ->add_option("--interval", args->flags.interval,
                   "Time between two rounds, such as 500ms or 5s")
      ->type_name("DURATION");
  command->add_option("--config", args->flags.config_file, "Configuration file")->type_name("FILE");
  command
      ->add_option("--db", args->database,
                   "Keep the samples in this database; without it nothing is kept")
      ->type_name("FILE");
  command->add_option("--log-level", args->flags.log_level, "trace, debug, info, warning or error")
      ->type_name("LEVEL");
  command->add_flag("--json", args->json, "A JSON object per round");
  command->footer(
      "Heap figures are read every 15 s (pprof.heap_interval) and shown until the next reading.\n"
      "Examples:\n"
      "  soakwatch watch sidecar\n"
      "  soakwatch watch port:6060 --interval 1s\n"
      "  soakwatch watch -- ./sidecar --flag       start a command and watch it");
  command->callback([args, &status] { status = watch(*args); });
}

}  // namespace soakwatch
