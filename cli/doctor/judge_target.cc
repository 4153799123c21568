// One target: is it there, what may be read of it, and what a round would miss.
#include <fmt/format.h>

#include "cli/doctor/judgement.h"
#include "report/words.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMaxNamesShown = 40;

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

DoctorLine judge_read(const DoctorFacts& facts, const ReadFacts& read) {
  if (read.trouble.empty()) return {Health::kPass, read.what, read.found, {}, {}};
  return {read.what == "statm" ? Health::kFail : Health::kWarn,
          read.what,
          read.trouble,
          deeper_command(facts),
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

DoctorLine judge_round(const DoctorFacts& facts) {
  const TargetFacts& target = *facts.target;
  std::string found = fmt::format("{} figures", target.present);
  std::vector<std::string> details;
  if (!target.missing_proc.empty()) details.push_back("of /proc: " + joined(target.missing_proc));
  if (!target.missing_pprof.empty()) details.push_back("of pprof: " + joined(target.missing_pprof));
  const std::size_t missing = target.missing_proc.size() + target.missing_pprof.size();
  if (missing > 0) found += fmt::format("; {} missing", missing);
  if (target.missing_proc.empty()) return {Health::kPass, "a round", found, {}, details};
  return {target.present == 0 ? Health::kFail : Health::kWarn, "a round", found,
          deeper_command(facts), details};
}

}  // namespace

// A program whose file has capabilities would give them to everybody who may start it. So root runs
// the command, and the service, which nobody else can start, has them from its unit.
std::string deeper_command(const DoctorFacts& facts) {
  const bool has_all = has_capability(facts.machine, kCapSysPtrace) &&
                       has_capability(facts.machine, kCapDacReadSearch);
  if (facts.machine.is_root && !has_all) {
    return "grep Cap /proc/self/status    # root without them: what started it, such as a "
           "container, has to grant them";
  }
  std::string command = "sudo soakwatch doctor";
  if (facts.target) command += " " + shell_word(facts.target->spec);
  if (facts.target && facts.target->is_own) return command;
  return command + "    # by hand; for the service level 2 of deeper.conf (docs/install.md)";
}

std::vector<DoctorLine> judge_target(const DoctorFacts& facts) {
  if (!facts.target) return {};
  const TargetFacts& target = *facts.target;
  std::vector<DoctorLine> lines{judge_match(target)};
  if (target.matches == 0 || !target.trouble.empty()) return lines;
  for (const ReadFacts& read : target.reads) lines.push_back(judge_read(facts, read));
  judge_pprof(target, lines);
  lines.push_back(judge_round(facts));
  return lines;
}

}  // namespace soakwatch
