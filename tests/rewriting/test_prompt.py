"""What a prompt may hold, and that a query cannot pose as part of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.errors import UserError
from grape_rewrite.rewriting import Prompt
from grape_rewrite.rewriting.prompt import PROMPTS

EVERY = pytest.mark.parametrize("name", PROMPTS)


@EVERY
@given(query=st.text())
def test_a_query_is_one_line(name: str, query: str) -> None:
    prompt = PROMPTS[name]
    lines = prompt.text(query).split("\n")
    assert len(lines) == len(prompt.text("a").split("\n"))
    assert lines[-1] == f"{prompt.rewrite_label}:"
    assert lines[-2] == f"{prompt.query_label}: {' '.join(query.split())}"


@EVERY
def test_all_prompts_of_one_kind_begin_alike(name: str) -> None:
    """What makes sharing them worth it."""
    one, other = PROMPTS[name].text("a"), PROMPTS[name].text("b")
    assert one[: -len(f"a\n{PROMPTS[name].rewrite_label}:")] == other[: -len(f"b\n{PROMPTS[name].rewrite_label}:")]


@EVERY
def test_turns_alternate(name: str) -> None:
    messages = PROMPTS[name].messages(" a\nb ")
    roles = [message["role"] for message in messages]
    assert roles == ["system", *["user", "assistant"] * len(PROMPTS[name].examples), "user"]
    assert messages[-1]["content"] == "a b"


@EVERY
def test_zero_shot_has_no_examples(name: str) -> None:
    prompt = PROMPTS[name].zero_shot()
    assert prompt.text("a").count(f"{prompt.rewrite_label}:") == 1
    assert prompt.instruction == PROMPTS[name].instruction


def test_without_an_instruction() -> None:
    prompt = Prompt("")
    assert prompt.text("a") == "Query: a\nEnglish:"
    assert prompt.messages("a") == [{"role": "user", "content": "a"}]


@pytest.mark.parametrize("labels", [("", "English"), ("Query", " ")])
def test_empty_labels(labels: tuple[str, str]) -> None:
    with pytest.raises(UserError, match="must not be empty"):
        Prompt("Do.", *labels)
