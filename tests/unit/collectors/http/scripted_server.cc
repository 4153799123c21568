#include "tests/unit/collectors/http/scripted_server.h"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>

namespace soakwatch {
namespace {

namespace asio = boost::asio;
using Protocol = asio::generic::stream_protocol;
using Socket = Protocol::socket;
// Its own type of acceptor: the generic protocol has none.
using TcpAcceptor = asio::ip::tcp::acceptor;
using UnixAcceptor = asio::local::stream_protocol::acceptor;
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace

struct ScriptedServer::State {
  Script script;
  HttpEndpoint endpoint;
  std::vector<std::shared_ptr<Socket>> sockets;
  std::vector<std::string> requests;
  std::optional<TcpAcceptor> tcp;
  std::optional<UnixAcceptor> local;
};

namespace {

asio::awaitable<void> send(Socket& socket, const Answer& answer) {
  asio::steady_timer timer(socket.get_executor());
  do {
    if (!answer.byte_by_byte) {
      const auto [failed, sent] =
          co_await asio::async_write(socket, asio::buffer(answer.bytes), kAsTuple);
      if (failed) co_return;
      continue;
    }
    for (const char& byte : answer.bytes) {
      const auto [failed, sent] =
          co_await asio::async_write(socket, asio::buffer(&byte, 1), kAsTuple);
      if (failed) co_return;
      timer.expires_after(std::chrono::milliseconds(10));
      const auto [cancelled] = co_await timer.async_wait(kAsTuple);
      if (cancelled) co_return;
    }
  } while (answer.forever);
}

template <class State>
asio::awaitable<void> serve(std::shared_ptr<State> state, std::shared_ptr<Socket> socket,
                            std::vector<Answer> answers) {
  std::string received;
  for (const Answer& answer : answers) {
    const auto [failed, length] = co_await asio::async_read_until(
        *socket, asio::dynamic_buffer(received), "\r\n\r\n", kAsTuple);
    if (failed) break;
    state->requests.push_back(received.substr(0, length));
    received.erase(0, length);
    co_await send(*socket, answer);
    if (answer.then == Answer::Then::kHold) co_return;
    if (answer.then == Answer::Then::kReset) {
      socket->set_option(asio::socket_base::linger(true, 0));
    }
    if (answer.then != Answer::Then::kKeep) break;
  }
  boost::system::error_code ignored;
  socket->close(ignored);
}

template <class State, class Acceptor>
asio::awaitable<void> accept(std::shared_ptr<State> state, Acceptor& acceptor) {
  while (true) {
    auto [failed, accepted] = co_await acceptor.async_accept(kAsTuple);
    if (failed) co_return;
    auto socket = std::make_shared<Socket>(std::move(accepted));
    const std::size_t index = state->sockets.size();
    state->sockets.push_back(socket);
    std::vector<Answer> answers;
    if (index < state->script.size()) answers = state->script[index];
    asio::co_spawn(acceptor.get_executor(), serve(state, socket, std::move(answers)),
                   asio::detached);
  }
}

}  // namespace

ScriptedServer::ScriptedServer(asio::io_context& context, Script script, const std::string& address)
    : state_(std::make_shared<State>()) {
  state_->script = std::move(script);
  if (address.starts_with('/')) {
    ::unlink(address.c_str());
    state_->endpoint.unix_path = address;
    state_->local.emplace(context, asio::local::stream_protocol::endpoint(address));
    asio::co_spawn(context, accept(state_, *state_->local), asio::detached);
    return;
  }
  state_->tcp.emplace(context, asio::ip::tcp::endpoint(asio::ip::make_address(address), 0));
  state_->endpoint.host = address;
  state_->endpoint.port = state_->tcp->local_endpoint().port();
  asio::co_spawn(context, accept(state_, *state_->tcp), asio::detached);
}

// The coroutines share the state, and end when the acceptor and the sockets are closed.
ScriptedServer::~ScriptedServer() {
  boost::system::error_code ignored;
  if (state_->tcp) state_->tcp->close(ignored);
  if (state_->local) state_->local->close(ignored);
  for (const std::shared_ptr<Socket>& socket : state_->sockets) socket->close(ignored);
  if (!state_->endpoint.unix_path.empty()) ::unlink(state_->endpoint.unix_path.c_str());
}

const HttpEndpoint& ScriptedServer::endpoint() const { return state_->endpoint; }
std::size_t ScriptedServer::connections() const { return state_->sockets.size(); }
const std::vector<std::string>& ScriptedServer::requests() const { return state_->requests; }

void ScriptedServer::send_unasked(const std::string& bytes) {
  asio::write(*state_->sockets.back(), asio::buffer(bytes));
}

void ScriptedServer::close_newest() { state_->sockets.back()->close(); }

std::string ok(const std::string& body, const std::string& more_header) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + more_header +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string with_status(int status, const std::string& more_header) {
  return "HTTP/1.1 " + std::to_string(status) + " Because\r\n" + more_header +
         "Content-Length: 4\r\n\r\nbody";
}

}  // namespace soakwatch
