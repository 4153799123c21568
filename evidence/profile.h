// A profile as pprof writes it (profile.proto): of Go's heap, allocs, goroutine and CPU servers, or
// of any other program that speaks the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace soakwatch {

// A profile of more is refused, before it takes the memory: about 300 MB at the worst.
struct ProfileLimits {
  std::size_t max_decompressed_bytes = std::size_t{64} << 20;
  std::size_t max_samples = 200'000;
  std::size_t max_labels = 1'000'000;         // of all samples
  std::size_t max_values = 2'000'000;         // of all samples
  std::size_t max_stack_locations = 4'096;    // of one sample
  std::size_t max_all_locations = 4'000'000;  // in the stacks of all samples
  std::size_t max_locations = 200'000;
  std::size_t max_lines = 400'000;  // of all locations
  std::size_t max_functions = 200'000;
  std::size_t max_mappings = 20'000;
  std::size_t max_strings = 400'000;
  std::size_t max_comments = 1'000;
  // Of a breakdown: groups, the lightest are left out, and frames of a stack, the outermost are.
  std::size_t max_groups = 5'000;
  std::size_t max_group_frames = 64;
};

// All that is named ...Index counts from 0 into a table of the profile.
using StringIndex = std::uint32_t;
using FunctionIndex = std::uint32_t;
using LocationIndex = std::uint32_t;
using MappingIndex = std::uint32_t;

struct ProfileValueType {
  std::string type;  // "inuse_space"
  std::string unit;  // "bytes"
  bool operator==(const ProfileValueType&) const = default;
};

struct ProfileMapping {
  std::uint64_t start = 0;
  std::uint64_t limit = 0;
  std::uint64_t offset = 0;
  StringIndex file = 0;
  StringIndex build_id = 0;
};

struct ProfileFunction {
  StringIndex name = 0;
  StringIndex system_name = 0;
  StringIndex file = 0;
  std::int64_t start_line = 0;
};

struct ProfileLine {
  FunctionIndex function = 0;
  std::int64_t line = 0;
  std::int64_t column = 0;
};

struct ProfileLocation {
  std::optional<MappingIndex> mapping;
  std::uint64_t address = 0;
  bool is_folded = false;
  std::vector<ProfileLine> lines;  // the innermost, which was inlined into the next, first
};

struct ProfileLabel {
  StringIndex key = 0;
  StringIndex text = 0;  // 0: a number
  std::int64_t number = 0;
  StringIndex unit = 0;
  bool operator==(const ProfileLabel&) const = default;
};

struct ProfileSample {
  std::vector<LocationIndex> stack;  // the innermost first
  std::vector<std::int64_t> values;  // one for each sample type
  std::vector<ProfileLabel> labels;
};

struct Profile {
  std::vector<ProfileValueType> sample_types;
  std::vector<ProfileSample> samples;
  std::vector<ProfileMapping> mappings;  // the first is that of the program itself
  std::vector<ProfileLocation> locations;
  std::vector<ProfileFunction> functions;
  std::vector<std::string> strings;  // as untrusted as the target; the first is ""
  StringIndex drop_frames = 0;       // regular expressions; see profile_prune.h
  StringIndex keep_frames = 0;
  std::int64_t time_ns = 0;  // since 1970; 0: unknown
  std::int64_t duration_ns = 0;
  ProfileValueType period_type;
  std::int64_t period = 0;
  std::vector<StringIndex> comments;
  StringIndex default_sample_type = 0;
  StringIndex doc_url = 0;

  // Of an index of this profile.
  [[nodiscard]] const std::string& text(StringIndex index) const { return strings[index]; }
};

// Plain or gzip. All indices of the result exist, each sample has a value for each sample type,
// each line a function. Errors: kInvalid, kTooLarge.
Result<Profile> parse_profile(std::string_view bytes, const ProfileLimits& limits = {});

// Where the values of a sample type are in a sample: "inuse_space", "cpu", ... Empty: the profile's
// default, which is the last one where it names none. Error kInvalid: there is no such type; the
// message names those that there are.
Result<std::size_t> sample_index(const Profile& profile, std::string_view type);

}  // namespace soakwatch
