#!/usr/bin/env bash
# Does with curl, ps and text tools what a shell script does that logs the memory of a Go program,
# at the pace of the daemon it is compared with in cost.py. Prints a row per round.
#
#   shell_round.sh PROCESS_NAME PORT ROUNDS PAUSE_SECONDS
set -uo pipefail

name=$1 port=$2 rounds=$3 pause_s=$4
pprof=http://localhost:$port/debug/pprof

for ((round = 0; round < rounds; ++round)); do
  time=$(date +%H:%M:%S)
  heap=$(curl -s "$pprof/heap?debug=1" | head -30)
  alloc=$(echo "$heap" | grep '# HeapAlloc' | awk '{print $4}')
  inuse=$(echo "$heap" | grep '# HeapInuse' | awk '{print $4}')
  goroutines=$(curl -s "$pprof/goroutine?debug=1" | head -1 | grep -o 'total [0-9]*' | awk '{print $2}')
  pid=$(pgrep -x "$name" | head -1)
  rss=$(ps -o rss= -p "$pid" | awk '{printf "%.1f", $1 / 1024}')
  echo "$time,${alloc:-N/A},${inuse:-N/A},${goroutines:-N/A},${rss:-N/A}"
  sleep "$pause_s"
done
