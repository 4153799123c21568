#include "report/html_text.h"

#include "model/markup.h"
#include "model/printable.h"

namespace soakwatch {

std::string html_text(std::string_view text, std::size_t limit_bytes) {
  std::string out;
  for (const char c : printable(text, limit_bytes)) {
    if (c == '\'') {
      out += "&#39;";
    } else {
      append_markup(out, c);
    }
  }
  return out;
}

}  // namespace soakwatch
