#include "daemon/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr milliseconds kRepeatAfter{600000};
// Failures that come and go are told so many times in that time.
constexpr int kMaxToldBegins = 3;
constexpr std::size_t kMaxMessageBytes = 4096;

// %* in a pattern: the message as the inside of a JSON string.
class JsonMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& msg, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const std::string_view payload(msg.payload.data(), msg.payload.size());
    const std::string json =
        boost::json::serialize(boost::json::value(printable(payload, kMaxMessageBytes)));
    out.append(json.data(), json.data() + json.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonMessage>();
  }
};

// %Q in a pattern: the level as syslog(3) has it, in angle brackets; see sd-daemon(3).
class JournalPriority : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& msg, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const std::string_view prefix = prefix_of(msg.level);
    out.append(prefix.data(), prefix.data() + prefix.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JournalPriority>();
  }

 private:
  static std::string_view prefix_of(spdlog::level::level_enum level) {
    switch (level) {
      case spdlog::level::critical:
        return SD_CRIT;
      case spdlog::level::err:
        return SD_ERR;
      case spdlog::level::warn:
        return SD_WARNING;
      case spdlog::level::info:
        return SD_INFO;
      default:
        return SD_DEBUG;
    }
  }
};

}  // namespace

LogPlace place_of_stderr() {
  const char* stream = std::getenv("JOURNAL_STREAM");  // "DEVICE:INODE", see systemd.exec(5)
  struct stat info {};
  if (stream == nullptr || fstat(STDERR_FILENO, &info) != 0) return LogPlace::kPlain;
  const std::string here = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  return here == stream ? LogPlace::kJournal : LogPlace::kPlain;
}

Logger make_logger(const LogConfig& config, LogPlace place) {
  const char* no_color = std::getenv("NO_COLOR");  // counts when it is not empty: no-color.org
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(
      no_color != nullptr && *no_color != '\0' ? spdlog::color_mode::never
                                               : spdlog::color_mode::automatic);
  auto logger = std::make_shared<spdlog::logger>("soakwatch", std::move(sink));
  const auto level = spdlog::level::from_str(config.level);
  if (level == spdlog::level::off && config.level != "off") {
    throw std::invalid_argument("unknown log level '" + config.level + "'");
  }
  logger->set_level(level);
  const bool journal = place == LogPlace::kJournal;
  const bool json = config.format == LogFormat::kJson;
  auto formatter = std::make_unique<spdlog::pattern_formatter>(
      json ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local);
  formatter->add_flag<JsonMessage>('*').add_flag<JournalPriority>('Q');
  formatter->set_pattern(std::string(journal ? "%Q" : "") +
                         (json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})"
                          : journal ? "%v"
                                    : "%Y-%m-%dT%H:%M:%S.%e %^%-7l%$ %v"));
  logger->set_formatter(std::move(formatter));
  logger->flush_on(spdlog::level::trace);
  return logger;
}

FailureLog::FailureLog(Logger logger, std::string what)
    : logger_(std::move(logger)), what_(std::move(what)) {}

void FailureLog::failed(const std::string& message, milliseconds monotonic) {
  ++in_a_row_;
  if (in_a_row_ == 1) {
    if (told_begins_ == 0 || monotonic - first_begin_ >= kRepeatAfter) {
      first_begin_ = monotonic;
      told_begins_ = 0;
    }
    if (told_begins_ == kMaxToldBegins) return;
    ++told_begins_;
    logger_->warn(
        "{}: {}{}", what_, message,
        told_begins_ == kMaxToldBegins ? " (this comes and goes: no more of it for a while)" : "");
  } else if (monotonic - last_line_ >= kRepeatAfter) {
    logger_->warn("{}: still failing, {} times now: {}", what_, in_a_row_, message);
  } else {
    return;
  }
  told_ = true;
  last_line_ = monotonic;
}

void FailureLog::succeeded() {
  if (told_) logger_->info("{}: works again after {} failures", what_, in_a_row_);
  in_a_row_ = 0;
  told_ = false;
}

}  // namespace soakwatch
