#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "evidence/fd_breakdown.h"
#include "evidence/field_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto list = soakwatch::parse_fd_list(text);
  if (!list) return 0;
  const auto breakdown = soakwatch::fd_breakdown(*list, size + 3);
  double count = 0;
  for (const auto& group : breakdown.groups) count += group.count;
  if (count != breakdown.total_count) std::abort();
  if (soakwatch::open_in_both(*list, *list).fds.size() > list->fds.size()) std::abort();
  soakwatch::FieldFacts facts;
  facts.fds = &*list;
  soakwatch::field_rules(facts, {});
  return 0;
}
