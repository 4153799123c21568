// A regular expression that the user gave, searched in text that other processes wrote.
#pragma once

#include <memory>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

inline constexpr std::size_t kMaxPatternBytes = 256;

// POSIX extended syntax. Matching backtracks, but within a bound on its steps and its memory: with
// both texts at their limits a hostile pair costs about 0.2 s, then an error.
class CommandPattern {
 public:
  // Error kInvalid, with the reason: empty, too long or malformed.
  static Result<CommandPattern> compile(std::string_view expression);
  CommandPattern(CommandPattern&&) noexcept;
  CommandPattern& operator=(CommandPattern&&) noexcept;
  ~CommandPattern();

  // Looks in the first kMaxCmdlineBytes of `text`. Error kInvalid: too costly.
  [[nodiscard]] Result<bool> found_in(std::string_view text) const;

 private:
  struct Impl;
  explicit CommandPattern(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace soakwatch
