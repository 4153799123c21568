foreach(parser stat status smaps_rollup net_tcp net_row cgroup go_environment process_limits)
  soakwatch_fuzz_target(${parser} ${parser}_fuzz.cc soakwatch_procfs)
endforeach()
