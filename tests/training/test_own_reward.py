"""A user's own reward: a function in a module, called with the rewrites and what they are judged by."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grape_rewrite.errors import UserError
from grape_rewrite.rewards import Candidates
from grape_rewrite.training.own_reward import OwnReward, RewardError
from grape_rewrite.training.run_folder import RunFolder

MODULE = """
import math

CALLS = 0

def short_and_first(rewrites, candidates):
    return 1 / candidates.ranks - 0.01 * [len(text) for text in rewrites][0]

def too_few(rewrites, candidates):
    return [0.0] * (len(rewrites) - 1)

def not_a_number(rewrites, candidates):
    return [math.nan] * len(rewrites)

def words(rewrites, candidates):
    return rewrites

def nothing(rewrites, candidates):
    return None

def raises(rewrites, candidates):
    return [1 / 0 for _ in rewrites]

def misuses_a_library(rewrites, candidates):
    import json
    return json.loads("{")

def fails_later(rewrites, candidates):
    global CALLS
    CALLS += 1
    if CALLS == 3:
        raise RuntimeError("out of luck")
    return [len(text) for text in rewrites]

def adds_to_what_it_is_given(rewrites, candidates):
    rewrites.append("one more")
    return [1.0] * len(rewrites)

def digits(rewrites, candidates):
    return ["11"] * len(rewrites)

def a_mapping(rewrites, candidates):
    return {row: 1.0 for row, _ in enumerate(rewrites)}

def a_column(rewrites, candidates):
    import numpy
    return numpy.ones((len(rewrites), 1))

def exits(rewrites, candidates):
    raise SystemExit("enough\\n  of this")

def leaves_nothing_to_say(rewrites, candidates):
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError("no words")
    raise Silent

def ends_like_a_generator(rewrites, candidates):
    raise GeneratorExit("done")

def a_complex_number(rewrites, candidates):
    import numpy
    return numpy.ones(len(rewrites), dtype=complex)

def alone(rewrites):
    return [1.0] * len(rewrites)

def talks(rewrites, candidates, loud=True):
    print("scoring")
    return [1.0] * len(rewrites)

import functools
quietly = functools.partial(talks, loud=False)
fails_in_parts = functools.partial(raises)

VALUE = 3
"""
FOUND = Candidates(np.array([[0.9, 0.1], [0.1, 0.9]]), [np.array([0]), np.array([0])])


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A module in the folder that the program was started in; named after the test, as modules are imported once."""
    name = "rewards_of_" + re.sub(r"\W", "_", request.node.name)
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_it_sees_rewrites_and_candidates(module: str) -> None:
    assert OwnReward(f"{module}:short_and_first")(["abcd", "ab"], FOUND) == pytest.approx([0.96, 0.46])


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("too_few", "returned 1 numbers for 2 rewrites"),
        ("not_a_number", "returned nan for the rewrite 'abcd'"),
        ("words", "TypeError: 'abcd' is no number"),
        ("digits", "TypeError: '11' is no number"),
        ("a_mapping", "TypeError: it returned a mapping; a sequence is valid"),
        ("a_column", r"TypeError: array\(\[1\.\]\) is no number"),
        ("adds_to_what_it_is_given", "returned 3 numbers for 2 rewrites"),
        ("exits", r"line \d+: SystemExit: enough of this$"),
        ("nothing", "TypeError"),
        ("leaves_nothing_to_say", r"line 56: Silent$"),
        ("ends_like_a_generator", r"line 59: GeneratorExit: done$"),
        ("a_complex_number", r"TypeError: .*1\+0j.* is no number"),
        ("alone", r"rewards_of_\w+\.py, line 65: TypeError: alone\(\) takes 1 positional argument"),
        ("fails_in_parts", r"rewards_of_\w+\.py, line 22: ZeroDivisionError"),
        ("raises", r"rewards_of_\w+\.py, line 22: ZeroDivisionError: division by zero"),
        ("misuses_a_library", r"rewards_of_\w+\.py, line 26: JSONDecodeError"),
    ],
)
def test_what_it_may_not_return(module: str, function: str, words: str) -> None:
    with pytest.raises(RewardError, match=words):
        OwnReward(f"{module}:{function}")(["abcd", "ab"], FOUND)


def test_what_it_prints_is_no_result(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert OwnReward(f"{module}:talks")(["abcd", "ab"], FOUND) == [1.0, 1.0]
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", "scoring\n")


def test_ctrl_c_is_no_failure_of_the_reward(module: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text("def stop(rewrites, candidates):\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        OwnReward(f"{module}:stop")(["abcd", "ab"], FOUND)


def test_the_fingerprint_of_a_partial_is_that_of_its_function(module: str, tmp_path: Path) -> None:
    content = (tmp_path / f"{module}.py").read_bytes()
    assert OwnReward(f"{module}:quietly").fingerprint() == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "nowhere_to_be_found:f",
            r"cannot import nowhere_to_be_found: ModuleNotFoundError: .*; modules of the current folder are found",
        ),
        (":f", "names no function; write module:function"),
        ("f:", "names no function; write module:function"),
    ],
)
def test_what_cannot_be_found(name: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        OwnReward(name)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("\nname", "line 2: NameError: name 'name' is not defined"),
        ("import json\n\njson.loads('{')", "line 3: JSONDecodeError: Expecting property name"),  # not a library's line
        ("\n\ndef f(:\n", "line 3: SyntaxError: invalid syntax"),
        ("import sys\nsys.exit('enough\\n  of this')", "line 2: SystemExit: enough of this"),
    ],
)
def test_a_module_that_cannot_be_imported_shows_its_line(module: str, tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / f"{module}.py"
    file.write_text(content)
    with pytest.raises(UserError) as error:
        OwnReward(f"{module}:f")
    assert str(error.value).startswith(f"reward '{module}:f': cannot import {module}: {file}, {words}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("function", "where"), [("short_and_first", "its own"), ("borrowed", "the other"), ("INSTANCE", "its own")]
)
def test_its_fingerprint_is_that_of_the_file_that_it_is_written_in(
    module: str, tmp_path: Path, function: str, where: str
) -> None:
    other = tmp_path / f"other_{module}.py"
    other.write_text("def borrowed(rewrites, candidates):\n    return [1.0] * len(rewrites)\n")
    own = tmp_path / f"{module}.py"
    own.write_text(
        f"from other_{module} import borrowed\n{MODULE}\n"
        "class Scorer:\n    def __call__(self, rewrites, candidates):\n        return [1.0] * len(rewrites)\n\n"
        "INSTANCE = Scorer()\n"
    )
    content = (own if where == "its own" else other).read_bytes()
    assert OwnReward(f"{module}:{function}").fingerprint() == hashlib.sha256(content).hexdigest()


def test_what_is_built_into_python_has_no_file_to_tell_it_by() -> None:
    with pytest.raises(UserError, match="reward 'time:sleep' is no function of a file"):
        OwnReward("time:sleep").fingerprint()


@pytest.mark.parametrize("function", ["missing", "VALUE"])
def test_a_module_without_that_function(module: str, function: str) -> None:
    with pytest.raises(UserError, match=f"module {module} has no function '{function}'"):
        OwnReward(f"{module}:{function}")


def test_a_run_that_it_stops_can_be_resumed(begin: Callable[..., Any], module: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(UserError, match=r"line 32: RuntimeError: out of luck$"):
        begin(out, reward=f"{module}:fails_later", save_every=100)
    assert str(RunFolder(out).last_checkpoint()).endswith("checkpoint-2")
    done = begin(out, reward=f"{module}:fails_later", save_every=100, resume=True)
    assert done.rewriter.facts.reward == f"{module}:fails_later"
    begin(tmp_path / "whole", reward=f"{module}:fails_later", save_every=100)  # it has failed once and does so no more
    rewards, lengths = (
        [[row.get(key) for row in RunFolder(folder).rows()] for folder in (out, tmp_path / "whole")]
        for key in ("reward", "rewrite_tokens")
    )
    assert len(rewards[0]) == 5
    assert rewards[0] == rewards[1]  # the same rewrites as if nothing had happened
    assert lengths[0] == lengths[1]


def test_a_run_that_it_stops_at_once_leaves_nothing_to_resume(
    begin: Callable[..., Any], module: str, tmp_path: Path
) -> None:
    with pytest.raises(RewardError, match="ZeroDivisionError"):
        begin(tmp_path / "run", reward=f"{module}:raises")
    assert not RunFolder(tmp_path / "run").is_taken
