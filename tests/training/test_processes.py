"""Several processes train as one does."""

import os
import subprocess
import sys
from pathlib import Path

import torch

SCRIPT = Path(__file__).with_name("two_processes.py")

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]


def test_two_processes_have_the_gradient_of_one(
    tiny_model_folder: Path, tiny_retriever_folder: Path, tiny_dataset_folder: Path, tmp_path: Path
) -> None:
    arguments = [str(SCRIPT), str(tiny_model_folder), str(tiny_retriever_folder), str(tiny_dataset_folder)]
    own = {"GRAPE_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    environment = {**os.environ, **own}  # two need an accelerator each, or none
    runs = {
        "one": [sys.executable, *arguments, str(tmp_path / "one")],
        "two": [*TORCHRUN, *arguments, str(tmp_path / "two")],
    }
    for command in runs.values():
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
    one, first, second = (
        torch.load(tmp_path / name, weights_only=True) for name in ("one.0.pt", "two.0.pt", "two.1.pt")
    )
    scale = max(float(gradient.abs().max()) for gradient in one[0].values())
    assert scale > 0.01
    for name, gradient in one[0].items():
        torch.testing.assert_close(first[0][name], gradient, rtol=1e-4, atol=1e-5 * scale, msg=name)
    for left, right in zip(first, second, strict=True):  # and they stay alike
        assert all(torch.equal(left[name], right[name]) for name in left)
    assert len(first) == 2
    assert {file.name for file in (tmp_path / "one").iterdir()} == {file.name for file in (tmp_path / "two").iterdir()}
    histories = [(tmp_path / name / "history.jsonl").read_text().splitlines() for name in ("one", "two")]
    assert [len(lines) for lines in histories] == [3, 3]
