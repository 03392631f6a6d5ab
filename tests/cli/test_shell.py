"""What a shell sees: exit codes, one line on standard error, Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grape_rewrite.processes import best_device
from grape_rewrite.rewriting.precision import best_precision

GRAPE = [sys.executable, "-c", "from grape_rewrite.cli import main; main()"]


def test_help_needs_no_heavy_library() -> None:
    code = (
        "import sys; from grape_rewrite.cli.app import app; app(['--help'], standalone_mode=False); "
        "sys.exit(bool({'torch', 'transformers', 'numpy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert "headroom" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--stepz", "3"], ["--stepz", "--steps"]),
        (["tarin"], ["tarin"]),
        (["search"], ["DATA"]),
        (["headroom", "--group", "1"], ["--group", "2"]),
        (["headroom", "--queries", "many"], ["--queries", "integer"]),
        (["index", "nowhere"], ["nowhere", "corpus.jsonl"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    found = subprocess.run([*GRAPE, *arguments], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert found.returncode == 2
    assert found.stdout == ""
    (line,) = found.stderr.splitlines()
    assert line.startswith("error: ")
    assert all(word.lower() in line.lower() for word in words), line
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["headroom", "evaluate"])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["nowhere"], "there is no folder nowhere"),
        (["DATA", "--split", "tset"], "has no split 'tset'"),
        (["DATA", "--set", "width=1"], "unknown key 'width'"),
        (["DATA", "--retriever", "./nowhere"], "no retriever './nowhere'"),
    ],
)
def test_a_mistake_is_said_before_a_heavy_library_loads(
    tiny_dataset_folder: Path, tmp_path: Path, command: str, wrong: list[str], words: str
) -> None:
    arguments = [command, *(str(tiny_dataset_folder) if word == "DATA" else word for word in wrong)]
    code = (
        f"import sys; from grape_rewrite.cli.app import app; app({arguments!r}, standalone_mode=False); "
        "sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert found.returncode == 0, found.stderr
    assert words in found.stderr


def test_ctrl_c_saves_and_resume_goes_on(
    grape,
    cache: Path,
    tiny_dataset_folder: Path,
    tiny_retriever_folder: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
) -> None:
    out = tmp_path / "run"
    command = [*GRAPE, "train", str(tiny_dataset_folder), "--retriever", str(tiny_retriever_folder)]
    command += ["--rewriter", str(tiny_model_folder), "--out", str(out), "--steps", "30"]
    command += ["--batch", "8", "--group", "4", "--max-tokens", "8"]
    environment = {**os.environ, "GRAPE_CACHE": str(cache)}
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        history = out / "history.jsonl"
        end = time.monotonic() + 300
        while run.poll() is None and time.monotonic() < end:
            if history.exists() and len(history.read_text().splitlines()) > 2:
                break
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=120)
    finally:
        run.kill()
    assert run.returncode == 130, err
    assert "Traceback" not in err
    assert f"grape train --resume --out {out}" in err
    done = len(history.read_text().splitlines())
    assert 3 <= done < 31
    chosen = best_precision(best_device())
    other_format = "float32" if chosen == "bfloat16" else "bfloat16"
    for other, words in (
        (("--retriever", "minilm"), f"was begun with retriever={str(tiny_retriever_folder)!r}, not 'minilm'"),
        (("--rewriter", "gemma-3-270m"), f"was begun with rewriter={str(tiny_model_folder)!r}, not 'gemma-3-270m'"),
        (("--prompt", "long-form"), "was begun with another prompt"),
        (("--precision", other_format), f"was begun with precision={chosen!r}, not {other_format!r}"),
        (("scenes",), f"was begun with data={str(tiny_dataset_folder)!r}, not 'scenes'"),
        (("--steps", 40), "was begun with steps=30, not 40"),
    ):
        found = grape("train", "--resume", "--out", out, *other)
        assert (found.code, len(found.err.splitlines())) == (2, 1), found.err
        assert f"{words}; go on with the same values, or use another --out folder" in found.err
    found = grape("train", tiny_dataset_folder, "--resume", "--out", out)  # what is not said stays as it was
    assert found.code == 0, found.err
    assert len(history.read_text().splitlines()) == 31
