#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "evidence/path_fold.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view path(reinterpret_cast<const char*>(data), size);
  if (soakwatch::fold_path(path).size() > size + 1) std::abort();
  return 0;
}
