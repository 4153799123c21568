// How the HTML report looks.
#pragma once

#include <string_view>

namespace soakwatch {

std::string_view report_style();
// What the page's Content-Security-Policy allows as its only style: the SHA-256 of report_style(),
// in base64. A test compares the two.
std::string_view report_style_sha256();

}  // namespace soakwatch
