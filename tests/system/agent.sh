#!/bin/bash
# In the virtual machine: for each line N on the second serial port, runs /shared/N.sh to its end and
# answers N. A service of systemd there, or the only program besides those that it is told to start.
set -u

if [[ $$ -eq 1 ]]; then
  export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LANG=C.UTF-8
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  mount -t tmpfs tmpfs /run
fi
stty -F /dev/ttyS1 raw -echo
exec 3<>/dev/ttyS1
printf 'up\n' >&3
while read -r number <&3; do
  setsid bash "/shared/$number.sh" </dev/null >"/shared/$number.out" 2>"/shared/$number.err" 3>&-
  printf '%s' "$?" >"/shared/$number.status"
  printf '%s\n' "$number" >&3
done
