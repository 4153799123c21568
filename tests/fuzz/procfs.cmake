foreach(parser stat status smaps_rollup net_tcp cgroup go_environment process_limits)
  soakwatch_fuzz_target(${parser} ${parser}_fuzz.cc soakwatch_procfs)
endforeach()
