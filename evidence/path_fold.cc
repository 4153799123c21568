#include "evidence/path_fold.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace soakwatch {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
// Bytes of UTF-8 belong to words.
bool is_word(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c) || static_cast<unsigned char>(c) >= 0x80;
}
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

template <class Predicate>
bool all(std::string_view text, Predicate is) {
  return std::all_of(text.begin(), text.end(), is);
}
template <class Predicate>
std::size_t how_many(std::string_view text, Predicate is) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is));
}

// How often digits, small and capital letters take turns. Words do it seldom: twice for each word
// in CamelCase; in base 62 six characters of ten follow one of another class.
std::size_t turns(std::string_view text) {
  std::size_t count = 0;
  char before = '\0';
  for (const char c : text) {
    const char now = is_digit(c) ? '0' : is_upper(c) ? 'A' : is_word(c) ? 'a' : '\0';
    if (now == '\0') continue;
    if (before != '\0' && now != before) ++count;
    before = now;
  }
  return count;
}

// An id in base 32, 36 or 62.
bool is_random_token(std::string_view token) {
  const std::size_t digits = how_many(token, is_digit);
  return token.size() >= 8 && digits >= 2 && digits + 2 <= token.size() &&
         4 * turns(token) >= token.size();
}

// The longest stretch of letters of one case: words have them, ids in base 64 hardly (six in a row
// stand at one place in 200).
std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  std::size_t length = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool same = i > 0 && is_lower(text[i]) == is_lower(text[i - 1]) &&
                      is_upper(text[i]) == is_upper(text[i - 1]);
    const bool letter = is_lower(text[i]) || is_upper(text[i]);
    length = !letter ? 0 : same ? length + 1 : 1;
    longest = std::max(longest, length);
  }
  return longest;
}

// An id in base 64 for file names, whose separators are digits, too.
bool is_random_stem(std::string_view stem) {
  const auto in_base64 = [](char c) { return is_word(c) || c == '-' || c == '_'; };
  return stem.size() >= 20 && all(stem, in_base64) && longest_word(stem) < 6 &&
         how_many(stem, is_digit) >= 2 && how_many(stem, is_lower) >= 2 &&
         how_many(stem, is_upper) >= 2 && 5 * turns(stem) >= 2 * stem.size();
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'x' ? !is_hex(text[i]) : text[i] != '-') return false;
  }
  return true;
}
constexpr std::size_t kUuidBytes = 36;

// What mkstemp puts in the place of XXXXXX, and mktemp of ten of them. Two in three have a digit,
// and nearly all others letters of both cases.
bool is_temporary_ending(std::string_view token) {
  if (token.size() != 6 && token.size() != 10) return false;
  const bool letters = !all(token, is_digit);
  const bool both_cases = how_many(token, is_lower) > 0 && how_many(token.substr(1), is_upper) > 0;
  return both_cases || (letters && how_many(token, is_digit) > 0);
}

std::string fold_token(std::string_view token) {
  constexpr std::size_t kMinHexBytes = 8;
  const auto is_time = [](char c) { return is_digit(c) || c == 'T' || c == 'Z'; };
  if (is_digit(token.front()) && all(token, is_time)) return "*";
  const bool hex = all(token, is_hex) && how_many(token, is_digit) > 0;
  if ((hex && token.size() >= kMinHexBytes) || is_random_token(token)) return "*";
  // A counter behind a word: "worker17".
  const std::size_t last = token.find_last_not_of("0123456789");
  if (last != std::string_view::npos && last + 1 < token.size()) {
    return std::string(token.substr(0, last + 1)) + '*';
  }
  return std::string(token);
}

// Where the extension begins, with its dot: 5 letters and digits, or 8 letters of one case, so that
// it is none that mktemp made up. The size of `name` when it has none.
std::size_t extension_at(std::string_view name) {
  constexpr std::size_t kMaxMixedBytes = 5;
  constexpr std::size_t kMaxLettersBytes = 8;
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return name.size();
  const std::string_view extension = name.substr(dot + 1);
  const bool letters = all(extension, is_lower) || all(extension, is_upper);
  const bool mixed = all(extension, is_word) && !is_digit(extension.front());
  if (letters && extension.size() <= kMaxLettersBytes) return dot;
  return mixed && extension.size() <= kMaxMixedBytes ? dot : name.size();
}

// One element of a path without its extension.
std::string fold_stem(std::string_view stem, bool in_temporary_folder) {
  // Python's tempfile: "tmp" and eight of [a-z0-9_].
  constexpr std::size_t kPythonBytes = 11;
  const auto of_python = [](char c) { return is_digit(c) || is_lower(c) || c == '_'; };
  if (in_temporary_folder && stem.size() == kPythonBytes && stem.starts_with("tmp") &&
      all(stem, of_python)) {
    return "tmp*";
  }
  if (is_random_stem(stem)) return "*";
  std::string folded;
  std::string separators;
  for (std::size_t at = 0; at < stem.size();) {
    if (!is_word(stem[at])) {
      separators += stem[at++];
      continue;
    }
    std::size_t end = at;
    while (end < stem.size() && is_word(stem[end])) ++end;
    std::string_view token = stem.substr(at, end - at);
    std::string token_folded;
    if (is_uuid(stem.substr(at, kUuidBytes))) {
      token = stem.substr(at, kUuidBytes);
      token_folded = "*";
    } else if (in_temporary_folder && end == stem.size() && at > 0 && is_temporary_ending(token)) {
      token_folded = "*";
    } else {
      token_folded = fold_token(token);
    }
    // "2024-01-02" is one thing, however many numbers it has.
    if (token_folded != "*" || !folded.ends_with('*')) folded += separators + token_folded;
    separators.clear();
    at += token.size();
  }
  return folded + separators;
}

bool is_temporary(std::string_view path) {
  constexpr std::array<std::string_view, 4> kFolders = {"/tmp/", "/var/tmp/", "/dev/shm/", "/run/"};
  return std::any_of(kFolders.begin(), kFolders.end(),
                     [&](std::string_view folder) { return path.starts_with(folder); });
}

}  // namespace

std::string fold_path(std::string_view path) {
  const bool temporary = is_temporary(path);
  std::string folded;
  folded.reserve(path.size());
  while (true) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view element = path.substr(0, slash);
    const std::size_t extension = extension_at(element);
    folded += fold_stem(element.substr(0, extension), temporary);
    folded += element.substr(extension);
    if (slash == path.size()) return folded;
    folded += '/';
    path.remove_prefix(slash + 1);
  }
}

}  // namespace soakwatch
