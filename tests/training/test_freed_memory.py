"""What is freed is kept, as the kernel's count of page faults tells."""

import ctypes
import platform
import subprocess
import sys

import pytest

from grape_rewrite.training.freed_memory import keep_freed_memory

COUNT = """
import resource
import torch
from grape_rewrite.training.freed_memory import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(16 * 2**20)  # 64 MiB, of which each page is written to
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

given_back = faults()
keep_freed_memory()
torch.ones(16 * 2**20)
print(given_back, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left as they are")
def test_arrays_of_a_step_are_not_asked_of_the_kernel_again() -> None:
    found = subprocess.run([sys.executable, "-c", COUNT], check=True, capture_output=True, text=True)
    given_back, kept = map(int, found.stdout.split())
    assert kept < given_back / 10


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(ctypes, "CDLL", called.append)
    keep_freed_memory()
    assert called == []
