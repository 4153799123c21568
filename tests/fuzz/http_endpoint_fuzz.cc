// Any text is refused or read; what was read is written so that it reads the same again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/http/http_client.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const soakwatch::Result<soakwatch::HttpEndpoint> endpoint = soakwatch::parse_http_endpoint(text);
  if (!endpoint) return 0;
  const auto again = soakwatch::parse_http_endpoint(soakwatch::to_string(*endpoint));
  // The default port and the final '/' are written out, which may pass the limit of length.
  if (!again && size > 2000) return 0;
  if (!again || *again != *endpoint) std::abort();
  return 0;
}
