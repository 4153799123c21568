// A server on the test's own io_context that reads requests and sends what its script says.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/http/http_client.h"

namespace soakwatch {

struct Answer {
  enum class Then { kKeep, kClose, kReset, kHold };  // kHold: neither reads nor closes

  std::string bytes;
  Then then = Then::kKeep;
  bool byte_by_byte = false;  // one every 10 ms
  bool forever = false;       // the bytes again and again, until the client goes
};

// An answer with a correct length.
std::string ok(const std::string& body, const std::string& more_header = "");
std::string with_status(int status, const std::string& more_header = "");

class ScriptedServer {
 public:
  // For each connection in turn the answers to its requests; a connection whose answers are used up
  // is closed. Further connections are closed at once.
  using Script = std::vector<std::vector<Answer>>;

  // On 127.0.0.1, on another address, or on a Unix socket ("/path").
  ScriptedServer(boost::asio::io_context& context, Script script,
                 const std::string& address = "127.0.0.1");
  ~ScriptedServer();

  [[nodiscard]] const HttpEndpoint& endpoint() const;
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] const std::vector<std::string>& requests() const;
  // Sends bytes on the newest connection, although nothing was asked.
  void send_unasked(const std::string& bytes);
  void close_newest();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Runs the context until `work` is done.
template <class T>
T run(boost::asio::io_context& context, boost::asio::awaitable<T> work) {
  std::optional<T> result;
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
    thrown = error;
    if (!error) result.emplace(std::move(value));
    context.stop();
  });
  context.restart();
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

}  // namespace soakwatch
