// What a person sees while waiting: colours and progress, on a terminal only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace soakwatch {

enum class Stream { kOut, kErr };
bool is_terminal(Stream stream);
// A terminal, and NO_COLOR is not set.
bool wants_color(Stream stream);
// The text between the codes, or the text alone.
std::string bold(std::string_view text, bool color);
std::string red(std::string_view text, bool color);
std::string dim(std::string_view text, bool color);

// A line on stderr that is written over: "exporting 45 % (1,204,000 rows)". Says nothing where
// stderr is no terminal.
class Progress {
 public:
  Progress(std::string what, std::int64_t total);
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void at(std::int64_t done);

 private:
  std::string what_;
  std::int64_t total_;
  std::int64_t shown_percent_ = -1;
  bool on_;
};

}  // namespace soakwatch
