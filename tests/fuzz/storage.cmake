soakwatch_fuzz_target(csv csv_fuzz.cc soakwatch_storage)
