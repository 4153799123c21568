// No text crashes the parser, and no value comes out that a runtime cannot have.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/pprof/memstats_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto values = soakwatch::parse_memstats_text(text);
  if (!values) return 0;
  if (values->empty()) std::abort();
  for (const soakwatch::MetricDescriptor& metric : soakwatch::all_metrics()) {
    const double value = values->get(metric.id).value_or(0);
    if (!(value >= 0 && value <= 9007199254740992.0)) std::abort();
    if (metric.source != soakwatch::Source::kPprofHeap && values->has(metric.id)) std::abort();
  }
  return 0;
}
