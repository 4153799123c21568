// Text from outside, for HTML and SVG: in elements and in quoted attributes.
#pragma once

#include <string>
#include <string_view>

namespace soakwatch {

// Printable first (model/printable.h), so that neither control characters nor bidirectional
// overrides reach a browser; then without anything that HTML takes for its own. Cut after
// `limit_bytes` of printable text.
std::string html_text(std::string_view text, std::size_t limit_bytes = 4000);

}  // namespace soakwatch
