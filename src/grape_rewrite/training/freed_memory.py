"""Memory that a step frees is kept for the next one."""

import ctypes
import platform

# Of `mallopt(3)`.
TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4
KEPT = 2**31 - 1
PAD = 2**28


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, where the C library is glibc; others are left as they are.

    A step takes the same arrays again and again. glibc hands large ones back to the kernel each time, and the kernel
    gives every page of them out anew, cleared: a sixth of a step's processor time where it was measured, see
    `docs/log.md`. What was taken at the peak stays with the process until it ends.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    for option, value in ((MMAP_MAX, 0), (TRIM_THRESHOLD, KEPT), (TOP_PAD, PAD)):
        libc.mallopt(option, value)
