#include "cli/doctor/doctor_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cli/terminal.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMaxShownBytes = 2000;

std::string shown(const std::string& text) { return printable(text, kMaxShownBytes); }

std::ptrdiff_t count(const std::vector<DoctorLine>& lines, Health health) {
  return std::count_if(lines.begin(), lines.end(),
                       [health](const DoctorLine& line) { return line.health == health; });
}

std::string word_of(Health health, bool color) {
  const std::string_view word = to_string(health);
  if (health == Health::kFail) return red(word, color);
  return health == Health::kWarn ? bold(word, color) : dim(word, color);
}

}  // namespace

std::string doctor_text(const std::vector<DoctorLine>& lines, bool color) {
  std::size_t width = 0;
  for (const DoctorLine& line : lines) width = std::max(width, line.check.size());
  const std::string indent(width + 8, ' ');
  std::string text;
  for (const DoctorLine& line : lines) {
    text += fmt::format("{}  {:<{}}  {}\n", word_of(line.health, color), line.check, width,
                        shown(line.found));
    for (const std::string& detail : line.details) text += indent + shown(detail) + "\n";
    if (!line.mend.empty()) text += indent + dim("mend: ", color) + shown(line.mend) + "\n";
  }
  text += fmt::format("\n{} pass, {} warn, {} fail\n", count(lines, Health::kPass),
                      count(lines, Health::kWarn), count(lines, Health::kFail));
  return text;
}

std::string doctor_json(const std::vector<DoctorLine>& lines) {
  boost::json::array checks;
  for (const DoctorLine& line : lines) {
    boost::json::object check{
        {"health", to_string(line.health)}, {"check", line.check}, {"found", shown(line.found)}};
    if (!line.details.empty()) {
      boost::json::array details;
      for (const std::string& detail : line.details) details.emplace_back(shown(detail));
      check["details"] = std::move(details);
    }
    if (!line.mend.empty()) check["mend"] = shown(line.mend);
    checks.emplace_back(std::move(check));
  }
  return boost::json::serialize(boost::json::object{{"fit", !any_fails(lines)},
                                                    {"passed", count(lines, Health::kPass)},
                                                    {"warned", count(lines, Health::kWarn)},
                                                    {"failed", count(lines, Health::kFail)},
                                                    {"checks", std::move(checks)}});
}

}  // namespace soakwatch
