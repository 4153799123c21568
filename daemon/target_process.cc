#include "daemon/target_process.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "model/timestamp.h"

namespace soakwatch {

namespace asio = boost::asio;

namespace {

// A child that we stop gets so long to end in order.
constexpr milliseconds kChildPatience{2000};
constexpr milliseconds kPoll{10};
// Of processes that fit as well: so many are named.
constexpr std::size_t kMaxNamed = 10;

}  // namespace

TargetProcess::TargetProcess(Parts parts, TargetSpec spec)
    : parts_(std::move(parts)), spec_(std::move(spec)) {}

bool TargetProcess::is_our_command() const {
  return spec_.kind == TargetKind::kCommand && !parts_.command_process;
}

Result<void> TargetProcess::start_command() {
  if (child_) return {};
  auto child = ChildProcess::start(spec_.command);
  if (!child) return child.error();
  child_.emplace(std::move(*child));
  return {};
}

std::optional<ChildProcess> TargetProcess::take_child() {
  if (!child_ || child_->ended()) return std::nullopt;
  std::optional<ChildProcess> child = std::move(child_);
  child_.reset();
  return child;
}

asio::awaitable<Result<ProcessReader>> TargetProcess::open() {
  if (spec_.kind != TargetKind::kCommand) {
    co_return co_await search();
  }
  if (parts_.command_process) co_return open_process_of_command();
  co_return co_await open_child();
}

asio::awaitable<Result<ProcessReader>> TargetProcess::open_child() {
  if (auto status = child_->ended()) co_return not_found("the command " + *status);
  auto reader = ProcessReader::open(parts_.proc_root, child_->pid(), parts_.boot_id);
  if (reader || reader.error().kind != ErrorKind::kNotFound) co_return reader;
  co_return not_found(co_await end_reason());
}

Result<ProcessReader> TargetProcess::open_process_of_command() {
  const auto pid = parts_.command_process();
  if (!pid) return pid.error();
  auto reader = ProcessReader::open(parts_.proc_root, *pid, parts_.boot_id);
  // The next question tells whether the command is over with it.
  if (!reader && reader.error().kind == ErrorKind::kNotFound)
    return Error{ErrorKind::kUnavailable, "pid " + std::to_string(*pid) + " ended at once"};
  return reader;
}

asio::awaitable<Result<ProcessReader>> TargetProcess::search() {
  auto matches = co_await parts_.search->find(spec_);
  if (!matches) co_return matches.error();
  if (matches->empty()) co_return not_found("no such process");
  const ProcessMatch& first = matches->front();
  auto reader = ProcessReader::open(parts_.proc_root, first.pid, parts_.boot_id);
  if (!reader) co_return reader;
  // Between the scan and the opening the pid may have gone to another process.
  if (reader->info().id.start_ticks != first.start_ticks) co_return not_found("no such process");
  if (matches->size() > 1) report_ambiguity(*matches);
  co_return reader;
}

void TargetProcess::report_ambiguity(const std::vector<ProcessMatch>& matches) const {
  std::string others;
  for (std::size_t i = 1; i < matches.size() && i <= kMaxNamed; ++i) {
    others += (i > 1 ? ", " : "") + std::to_string(matches[i].pid);
  }
  if (matches.size() > kMaxNamed + 1) others += ", ...";
  parts_.on_ambiguity(std::to_string(matches.size()) + " processes fit; watching pid " +
                      std::to_string(matches[0].pid) + ", which started first, not " + others);
}

asio::awaitable<std::string> TargetProcess::end_reason() {
  if (!child_) co_return "the process ended";
  // It has ended, and its status comes soon; or we stop, and it is told to.
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const auto end = asio::steady_timer::clock_type::now() + kChildPatience;
  child_->ask_to_end();
  while (!child_->ended() && asio::steady_timer::clock_type::now() < end) {
    timer.expires_after(kPoll);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  child_->terminate(milliseconds(0));
  co_return "the command " + child_->ended().value_or("ended");
}

}  // namespace soakwatch
