"""dead_mount.py FOLDER COMMAND...: runs the command beside a file system that answers nobody.

It is mounted on FOLDER, in a mount namespace of its own, and nobody serves it: whoever asks it waits
for ever, as on a network mount whose server is gone. Exit status 77: it may not be mounted here.
"""

import ctypes
import os
import subprocess
import sys

NOT_ALLOWED = 77
MS_NOSUID, MS_NODEV = 2, 4


def main():
    folder, command = sys.argv[1], sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        fuse = os.open("/dev/fuse", os.O_RDWR)
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_ALLOWED)
    options = f"fd={fuse},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    if libc.mount(b"nobody", folder.encode(), b"fuse", MS_NOSUID | MS_NODEV, options.encode()) != 0:
        print(os.strerror(ctypes.get_errno()), file=sys.stderr)
        sys.exit(NOT_ALLOWED)
    # Our end of it lives as long as the command.
    sys.exit(subprocess.run(command).returncode)


if __name__ == "__main__":
    main()
