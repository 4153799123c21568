#include "collectors/procfs/command_pattern.h"

#include <boost/regex.hpp>
#include <stdexcept>
#include <string>

#include "collectors/procfs/cmdline.h"

namespace soakwatch {

struct CommandPattern::Impl {
  boost::regex expression;
};

CommandPattern::CommandPattern(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CommandPattern::CommandPattern(CommandPattern&&) noexcept = default;
CommandPattern& CommandPattern::operator=(CommandPattern&&) noexcept = default;
CommandPattern::~CommandPattern() = default;

Result<CommandPattern> CommandPattern::compile(std::string_view expression) {
  if (expression.empty()) return invalid("the expression is empty");
  if (expression.size() > kMaxPatternBytes) {
    return invalid("the expression is longer than " + std::to_string(kMaxPatternBytes) + " bytes");
  }
  try {
    constexpr auto kSyntax = boost::regex::extended | boost::regex::nosubs;
    return CommandPattern(std::make_unique<Impl>(
        Impl{boost::regex(expression.data(), expression.data() + expression.size(), kSyntax)}));
  } catch (const std::runtime_error& error) {
    return invalid(error.what());
  }
}

Result<bool> CommandPattern::found_in(std::string_view text) const {
  text = text.substr(0, kMaxCmdlineBytes);
  try {
    return boost::regex_search(text.data(), text.data() + text.size(), impl_->expression,
                               boost::match_any);
  } catch (const std::runtime_error&) {
    // The library's own message is three lines of advice on state machines.
    return invalid("the expression is too costly: it can match in too many ways");
  }
}

}  // namespace soakwatch
