"""start_with_pid.py PID COMMAND...: starts the command under that pid, waits for it.

For forcing the kernel to give a pid away again. Needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN; exit
status 77: it is not allowed here, 78: somebody else has the pid.
"""

import ctypes
import errno
import os
import signal
import sys

NOT_ALLOWED, TAKEN = 77, 78
SYS_CLONE3 = 435  # the same number on all architectures


class CloneArguments(ctypes.Structure):
    """struct clone_args of linux/sched.h up to set_tid_size, its second published size."""

    _fields_ = [(name, ctypes.c_uint64) for name in (
        "flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls",
        "set_tid", "set_tid_size")]


def main():
    wanted = ctypes.c_int(int(sys.argv[1]))
    arguments = CloneArguments(exit_signal=signal.SIGCHLD, set_tid=ctypes.addressof(wanted),
                               set_tid_size=1)
    libc = ctypes.CDLL(None, use_errno=True)
    pid = libc.syscall(SYS_CLONE3, ctypes.byref(arguments), ctypes.sizeof(arguments))
    if pid == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    if pid < 0:
        error = ctypes.get_errno()
        print(os.strerror(error), file=sys.stderr)
        sys.exit(TAKEN if error == errno.EEXIST else NOT_ALLOWED)
    print("started", pid, flush=True)
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
