// Result<T>: a value, or an Error that says in words what went wrong.
//
// Expected failures (a process that ended, a server that answers nonsense, a malformed file) travel
// as Result. What makes starting pointless is thrown to main.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace soakwatch {

// What a caller can do about an error; the message is for a person.
enum class ErrorKind {
  kInvalid,      // the input is not of the expected form
  kNotFound,     // what was asked for does not exist (any more)
  kDenied,       // the privilege is missing
  kUnavailable,  // exists, but does not answer now: worth another try
  kTimeout,      // a deadline passed
  kTooLarge,     // a limit was reached
  kIo,           // the operating system or the disk refused
};

struct Error {
  ErrorKind kind = ErrorKind::kInvalid;
  std::string message;

  // The same error with "where: " in front, for each layer that knows more than the one below.
  [[nodiscard]] Error in(std::string_view where) const {
    return {kind, std::string(where) + ": " + message};
  }
};

template <class T>
using Result = boost::system::result<T, Error>;

inline Error invalid(std::string message) { return {ErrorKind::kInvalid, std::move(message)}; }
inline Error not_found(std::string message) { return {ErrorKind::kNotFound, std::move(message)}; }

// Found by argument-dependent look-up when .value() is called on an error: a bug in the caller.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::runtime_error(error.message);
}

}  // namespace soakwatch
