// What HTML and XML take for their own, written so that they do not.
#pragma once

#include <string>

namespace soakwatch {

// Appends a character of a text, or what stands for it: &, <, > and ".
void append_markup(std::string& out, char c);

}  // namespace soakwatch
