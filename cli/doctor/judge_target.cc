// One target: is it there, what may be read of it, and what a round would miss.
#include <fmt/format.h>

#include "cli/doctor/judgement.h"
#include "report/words.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMaxNamesShown = 40;

std::string doctor_as_root(const TargetFacts& target) {
  return "sudo soakwatch doctor " + shell_word(target.spec);
}

DoctorLine judge_match(const TargetFacts& target) {
  if (!target.trouble.empty()) {
    return {Health::kFail, "target", target.trouble, "ps -eo pid,user,comm,args", {}};
  }
  if (target.matches == 0) {
    return {
        Health::kFail, "target", "no process fits " + target.spec, "ps -eo pid,user,comm,args", {}};
  }
  const std::string found = fmt::format("pid {} ({})", target.pid, target.comm);
  if (target.matches == 1) return {Health::kPass, "target", found, {}, {}};
  return {
      Health::kWarn,
      "target",
      fmt::format("{} processes fit; {}, which started first, is watched", target.matches, found),
      fmt::format("soakwatch doctor pid:{}", target.pid),
      {}};
}

// How a process becomes readable: docs/security.md, packaging/systemd/deeper.conf.
std::string mend_reading(const TargetFacts& target, const ReadFacts& read) {
  if (target.is_own || read.what == "statm" || read.what == "fd count")
    return doctor_as_root(target);
  return "sudo setcap cap_perfmon,cap_sys_ptrace,cap_dac_read_search=ep "
         "\"$(readlink -f \"$(command -v soakwatch)\")\"";
}

DoctorLine judge_read(const TargetFacts& target, const ReadFacts& read) {
  if (read.trouble.empty()) return {Health::kPass, read.what, read.found, {}, {}};
  return {read.what == "statm" ? Health::kFail : Health::kWarn,
          read.what,
          read.trouble,
          mend_reading(target, read),
          {}};
}

std::string with_url(const TargetFacts& target) {
  return "soakwatch doctor " + shell_word(target.spec + ",pprof=http://127.0.0.1:6060");
}

DoctorLine judge_latency(std::string check, const std::optional<milliseconds>& latency,
                         const std::string& trouble, const TargetFacts& target,
                         std::string_view page) {
  const PprofFacts& pprof = target.pprof;
  const std::string curl =
      fmt::format("curl -sS -o /dev/null -w '%{{http_code}} %{{time_total}}\\n' {}",
                  shell_word(pprof.url + std::string(page)));
  if (!latency) {
    return {pprof.named ? Health::kFail : Health::kWarn, std::move(check), trouble, curl, {}};
  }
  const std::string found = fmt::format("{} ms", latency->count());
  if (*latency * 2 <= pprof.timeout) return {Health::kPass, std::move(check), found, {}, {}};
  return {
      Health::kWarn,
      std::move(check),
      fmt::format("{} of the {} that pprof.timeout gives", found, format_duration(pprof.timeout)),
      curl,
      {}};
}

void judge_pprof(const TargetFacts& target, std::vector<DoctorLine>& lines) {
  const PprofFacts& pprof = target.pprof;
  if (pprof.off) {
    lines.push_back({Health::kPass, "pprof", "switched off by ,pprof=off", {}, {}});
    return;
  }
  if (pprof.url.empty()) {
    lines.push_back({pprof.named ? Health::kFail : Health::kWarn,
                     "pprof",
                     fmt::format("{} (listening sockets: {}); a Go program needs "
                                 "`import _ \"net/http/pprof\"`, others have none",
                                 pprof.trouble, pprof.listening_sockets),
                     with_url(target),
                     {}});
    return;
  }
  lines.push_back({Health::kPass, "pprof", pprof.url, {}, {}});
  lines.push_back(
      judge_latency("pprof index", pprof.index_latency, pprof.index_trouble, target, ""));
  lines.push_back(
      judge_latency("pprof heap", pprof.heap_latency, pprof.heap_trouble, target, "heap?debug=1"));
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMaxNamesShown; ++i) {
    text += (i > 0 ? ", " : "") + names[i];
  }
  return text;
}

DoctorLine judge_round(const TargetFacts& target) {
  std::string found = fmt::format("{} figures", target.present);
  std::vector<std::string> details;
  if (!target.missing_proc.empty()) details.push_back("of /proc: " + joined(target.missing_proc));
  if (!target.missing_pprof.empty()) details.push_back("of pprof: " + joined(target.missing_pprof));
  const std::size_t missing = target.missing_proc.size() + target.missing_pprof.size();
  if (missing > 0) found += fmt::format("; {} missing", missing);
  if (target.missing_proc.empty()) return {Health::kPass, "a round", found, {}, details};
  return {target.present == 0 ? Health::kFail : Health::kWarn, "a round", found,
          doctor_as_root(target), details};
}

}  // namespace

std::vector<DoctorLine> judge_target(const TargetFacts& target) {
  std::vector<DoctorLine> lines{judge_match(target)};
  if (target.matches == 0 || !target.trouble.empty()) return lines;
  for (const ReadFacts& read : target.reads) lines.push_back(judge_read(target, read));
  judge_pprof(target, lines);
  lines.push_back(judge_round(target));
  return lines;
}

}  // namespace soakwatch
