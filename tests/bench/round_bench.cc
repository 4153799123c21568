// A round of the collectors against the bare system calls that do the same reads. Both sides take
// turns, so that they see the same machine; what counts is the counter `ratio`.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <ctime>
#include <exception>
#include <functional>
#include <vector>

#include "collectors/pprof/pprof_client.h"
#include "collectors/procfs/process_reader.h"
#include "tests/bench/bare_calls.h"
#include "tests/bench/go_target.h"

namespace soakwatch::bench {
namespace {

namespace asio = boost::asio;

constexpr int kRoundsPerTurn = 30;
// The defaults: a round every 5 s, MemStats every 15 s.
constexpr int kHeapEveryRounds = 3;
constexpr const char* kIndexPath = "/debug/pprof/";
constexpr const char* kHeapPath = "/debug/pprof/heap?debug=1";

using Work = std::function<void(int round)>;

// What of a round is measured.
struct Parts {
  bool procfs = false;
  bool index = false;
  int heap_every_rounds = 0;  // 0: never
  [[nodiscard]] bool heap(int round) const {
    return heap_every_rounds > 0 && round % heap_every_rounds == 0;
  }
};

double thread_cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <class T>
const T& checked(const Result<T>& result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *result;
}

// soakwatch's side: one coroutine does the rounds of a turn, as a target's watcher does.
class Collectors {
 public:
  explicit Collectors(const GoTarget& target)
      : reader_(std::move(ProcessReader::open("/proc", target.pid(), "boot").value())),
        client_(context_.get_executor(), checked(parse_http_endpoint(target.url())), {}) {}

  void turn(const Parts& parts) {
    std::exception_ptr failed;
    asio::co_spawn(context_, rounds(parts), [&](std::exception_ptr e) { failed = e; });
    context_.restart();
    context_.run();
    if (failed) std::rethrow_exception(failed);
  }

 private:
  asio::awaitable<void> rounds(Parts parts) {
    for (int round = 0; round < kRoundsPerTurn; ++round) {
      MetricValues values;
      if (parts.procfs) values.merge(checked(reader_.read_round()));
      if (parts.index) values.merge(checked(co_await client_.read_index()));
      if (parts.heap(round)) values.merge(checked(co_await client_.read_heap()));
      benchmark::DoNotOptimize(values);
    }
  }

  asio::io_context context_{1};
  ProcessReader reader_;
  PprofClient client_;
};

void bare_turn(BareProcess& process, BareServer& server, const Parts& parts) {
  for (int round = 0; round < kRoundsPerTurn; ++round) {
    if (parts.procfs) process.read_round();
    if (parts.index) server.get(kIndexPath);
    if (parts.heap(round)) server.get(kHeapPath);
  }
}

void compare(benchmark::State& state, Parts parts) {
  try {
    const GoTarget target;
    BareProcess process(target.pid());
    BareServer server(target.port());
    Collectors collectors(target);
    std::vector<double> bare;
    std::vector<double> ours;
    std::vector<double> ratios;
    for ([[maybe_unused]] auto _ : state) {
      const double begin = thread_cpu_seconds();
      bare_turn(process, server, parts);
      const double middle = thread_cpu_seconds();
      collectors.turn(parts);
      const double end = thread_cpu_seconds();
      bare.push_back((middle - begin) / kRoundsPerTurn);
      ours.push_back((end - middle) / kRoundsPerTurn);
      ratios.push_back(ours.back() / bare.back());
      state.SetIterationTime(ours.back());
    }
    state.counters["bare_us"] = 1e6 * median(bare);
    state.counters["soakwatch_us"] = 1e6 * median(ours);
    state.counters["ratio"] = median(ratios);
  } catch (const std::exception& e) {
    state.SkipWithError(e.what());
  }
}

void add(const char* name, Parts parts) {
  constexpr int kTurns = 200;
  benchmark::RegisterBenchmark(name, compare, parts)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond)
      ->Iterations(kTurns);
}

const bool kRegistered = [] {
  add("round/procfs", {true, false, 0});
  add("round/full", {true, true, kHeapEveryRounds});
  add("round/pprof_index_alone", {false, true, 0});
  add("round/pprof_heap_alone", {false, false, 1});
  return true;
}();

}  // namespace
}  // namespace soakwatch::bench
