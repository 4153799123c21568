#include "daemon/pprof_feed.h"

#include <algorithm>

#include "collectors/procfs/listening_sockets.h"
#include "daemon/clock.h"

namespace soakwatch {

namespace asio = boost::asio;

namespace {

// A server is looked for at once, then after pauses that double up to this: a program may open it
// late.
constexpr std::chrono::seconds kMaxSearchPause{60};
// A socket that did not answer as pprof is asked so often: the program may still have been
// starting.
constexpr int kMaxQuestions = 3;
constexpr std::size_t kMostAsked = 1000;
// A server that answered so often is steady: losing it is news.
constexpr int kSteadyAnswers = 20;
// After so many failures in a row a server that was found by itself counts as gone.
constexpr int kLostAfterFailures = 3;

}  // namespace

PprofFeed::PprofFeed(const asio::any_io_executor& executor, asio::thread_pool& workers,
                     std::shared_ptr<const ProcessReader> process, PprofFeedOptions options,
                     const Logger& logger, std::function<void(EventKind, std::string)> on_event)
    : executor_(executor),
      workers_(workers),
      process_(std::move(process)),
      options_(std::move(options)),
      on_event_(std::move(on_event)),
      index_failures_(logger, options_.target_name + ": pprof"),
      heap_failures_(logger, options_.target_name + ": pprof heap"),
      task_(executor, [this](const std::string& what) {
        index_failed({ErrorKind::kIo, what});
      }) {
  if (options_.mode != PprofMode::kUrl) return;
  if (auto endpoint = parse_http_endpoint(options_.url)) {
    client_.emplace(executor_, *endpoint, options_.limits);
  } else {
    index_failed(endpoint.error());
  }
}

asio::awaitable<MetricValues> PprofFeed::collect(Clock::time_point deadline) {
  if (options_.mode == PprofMode::kOff || (options_.mode == PprofMode::kUrl && !client_))
    co_return MetricValues{};
  // Most processes serve no pprof: their rounds cost neither a coroutine nor a timer.
  if (!client_ && !task_.running() && Clock::now() < next_search_) co_return MetricValues{};
  if (!task_.running()) task_.start(fetch());
  co_await task_.wait(deadline);
  co_return std::exchange(fresh_, MetricValues{});
}

asio::awaitable<void> PprofFeed::fetch() {
  if (!client_) {
    co_await look_for_server();
  }
  if (!client_) co_return;
  auto index = co_await client_->read_index();
  if (!index) {
    index_failed(index.error());
    co_return;
  }
  fresh_.merge(*index);
  index_failures_.succeeded();
  if (++answers_ == kSteadyAnswers) search_pause_ = kFirstSearchPause;
  if (Clock::now() >= next_heap_) {
    co_await fetch_heap();
  }
}

asio::awaitable<void> PprofFeed::fetch_heap() {
  const Clock::time_point begin = Clock::now();
  auto heap = co_await client_->read_heap();
  const Clock::duration latency = Clock::now() - begin;
  const auto rest =
      std::chrono::duration_cast<Clock::duration>(latency * options_.heap_latency_factor);
  next_heap_ = begin + std::max<Clock::duration>(options_.heap_interval, rest);
  if (!heap) {
    if (!stopping_) heap_failures_.failed(heap.error().message, read_clocks().monotonic);
    co_return;
  }
  fresh_.merge(*heap);
  heap_failures_.succeeded();
}

asio::awaitable<void> PprofFeed::look_for_server() {
  if (Clock::now() < next_search_) co_return;
  next_search_ = Clock::now() + search_pause_;
  search_pause_ = std::min<Clock::duration>(search_pause_ * 2, kMaxSearchPause);
  const auto work = [process = process_, proc_root = options_.proc_root] {
    // One that is stopped is no less a server: it would only use up its questions.
    if (process->is_stopped() || !shares_our_network(proc_root, *process))
      return Result<std::vector<ListeningSocket>>();
    return listening_sockets(proc_root, *process);
  };
  auto sockets = co_await run_on(workers_.get_executor(), work);
  if (!sockets) co_return;
  if (asked_.size() > kMostAsked) asked_.clear();  // it opens one after the other
  // A server that is none of pprof's is not asked for ever; one that was is: it may be stopped.
  std::erase_if(*sockets, [this](const ListeningSocket& socket) {
    return ++asked_[socket.inode] > kMaxQuestions && socket.port != answered_port_;
  });
  if (sockets->empty()) co_return;
  auto found = co_await find_pprof(executor_, *sockets, options_.limits);
  if (!found) co_return;
  client_.emplace(executor_, *found, options_.limits);
  asked_.clear();
  answered_port_ = found->port;
  answers_ = 0;
  on_event_(EventKind::kPprofFound, to_string(*found));
}

std::optional<HttpEndpoint> PprofFeed::endpoint() const {
  if (!client_) return std::nullopt;
  return client_->endpoint();
}

void PprofFeed::cancel() {
  stopping_ = true;
  task_.cancel();
}

asio::awaitable<void> PprofFeed::stop() {
  stopping_ = true;
  co_await task_.stop();
}

void PprofFeed::index_failed(const Error& error) {
  if (stopping_) return;  // it was cancelled by us
  index_failures_.failed(error.message, read_clocks().monotonic);
  if (options_.mode != PprofMode::kAuto || !client_ ||
      index_failures_.failures_in_a_row() < kLostAfterFailures)
    return;
  on_event_(EventKind::kPprofLost, error.message);
  client_.reset();
  // One that comes and goes is looked for ever more rarely.
  next_search_ = Clock::now() + (answers_ < kSteadyAnswers ? search_pause_ : Clock::duration(0));
}

}  // namespace soakwatch
