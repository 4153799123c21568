// Does the system calls of soakwatchd's rounds at its pace, and prints what that cost:
// "ROUNDS CPU_NANOSECONDS".
//
//   bare_round PID PORT INTERVAL_MS ROUNDS [PATH]
//
// PORT 0: /proc only. Every third round reads heap?debug=1 and every 24th the memory maps, as
// the defaults do it (5 s, 15 s, 60 s). With PATH each round gets this page and does nothing else.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <optional>
#include <string>

#include "tests/bench/bare_calls.h"

namespace soakwatch::bench {
namespace {

constexpr long kHeapEveryRounds = 3;
constexpr long kDetailEveryRounds = 24;
constexpr long kNanosecondsPerSecond = 1'000'000'000;
constexpr long kNanosecondsPerMillisecond = 1'000'000;

struct Arguments {
  pid_t pid = 0;
  std::uint16_t port = 0;
  long interval_ns = 0;
  long rounds = 0;
  std::string path;
};

long long cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<long long>(t.tv_sec) * kNanosecondsPerSecond + t.tv_nsec;
}

void add(timespec& time, long ns) {
  time.tv_nsec += ns;
  time.tv_sec += time.tv_nsec / kNanosecondsPerSecond;
  time.tv_nsec %= kNanosecondsPerSecond;
}

void run(const Arguments& args) {
  BareProcess process(args.pid);
  std::optional<BareServer> server;
  if (args.port != 0) server.emplace(args.port);
  timespec next{};
  clock_gettime(CLOCK_MONOTONIC, &next);
  const long long begin = cpu_ns();
  for (long round = 0; round < args.rounds; ++round) {
    if (!args.path.empty()) {
      server->get(args.path);
    } else {
      process.read_round();
      if (round % kDetailEveryRounds == 0) process.read_detail();
      if (server) server->get("/debug/pprof/");
      if (server && round % kHeapEveryRounds == 0) server->get("/debug/pprof/heap?debug=1");
    }
    add(next, args.interval_ns);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr) == EINTR) {
    }
  }
  std::printf("%ld %lld\n", args.rounds, cpu_ns() - begin);
}

}  // namespace
}  // namespace soakwatch::bench

int main(int argc, char** argv) {
  using namespace soakwatch::bench;
  if (argc < 5 || argc > 6) {
    std::fputs("usage: bare_round PID PORT INTERVAL_MS ROUNDS [PATH]\n", stderr);
    return 2;
  }
  Arguments args;
  args.pid = static_cast<pid_t>(std::atol(argv[1]));
  args.port = static_cast<std::uint16_t>(std::atol(argv[2]));
  args.interval_ns = std::atol(argv[3]) * kNanosecondsPerMillisecond;
  args.rounds = std::atol(argv[4]);
  if (argc == 6) args.path = argv[5];
  if (args.port == 0 && !args.path.empty()) {
    std::fputs("bare_round: a path needs a port\n", stderr);
    return 2;
  }
  try {
    run(args);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bare_round: %s\n", e.what());
    return 1;
  }
  return 0;
}
