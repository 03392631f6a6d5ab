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
    asked, label = prompt.template.split("\n")
    assert lines[-1] == label
    assert lines[-2] == asked.replace("{query}", " ".join(query.split()))


@EVERY
def test_all_prompts_of_one_kind_begin_alike(name: str) -> None:
    """What makes sharing them worth it."""
    prompt = PROMPTS[name]
    end = len(prompt.template.replace("{query}", "")) - prompt.template.index("{query}") + 1
    assert prompt.text("a")[:-end] == prompt.text("b")[:-end]
    assert prompt.text("a")[-end:] != prompt.text("b")[-end:]


@EVERY
def test_turns_alternate(name: str) -> None:
    messages = PROMPTS[name].messages(" a\nb ")
    roles = [message["role"] for message in messages]
    assert roles == ["system", *["user", "assistant"] * len(PROMPTS[name].examples), "user"]
    assert messages[-1]["content"] == "a b"


@EVERY
def test_zero_shot_has_no_examples(name: str) -> None:
    prompt = PROMPTS[name].zero_shot()
    for marker in prompt.markers:
        assert prompt.text("a").count(marker) == 1
    assert prompt.instruction == PROMPTS[name].instruction


def test_without_an_instruction() -> None:
    prompt = Prompt("")
    assert prompt.text("a") == "Query: a\nEnglish:"
    assert prompt.messages("a") == [{"role": "user", "content": "a"}]


@pytest.mark.parametrize("examples", [(), (("rouge", "red"), ("bleu", "blue"))])
def test_without_a_turn_of_the_system(examples: tuple[tuple[str, str], ...]) -> None:
    first, *others = Prompt("Name it.", examples=examples).messages("vert", system=False)
    asked, *rest = Prompt("", examples=examples).messages("vert")
    assert first == {"role": "user", "content": f"Name it.\n\n{asked['content']}"}
    assert others == rest
    assert Prompt("", examples=examples).messages("vert", system=False) == [asked, *rest]


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("red apple", "red apple"),
        (" red apple\n\nQuery: pear", "red apple"),
        ("\n\n red apple \r\n pear", "red apple"),
        ("\n \n", ""),
    ],
)
def test_the_answer_is_a_line(completion: str, answer: str) -> None:
    assert Prompt("").answer(completion) == answer
    reasoning = Prompt("", answer_after="So:")
    assert reasoning.answer(f"It is red.\nSo: no.\nSo:{completion}") == answer
    assert reasoning.answer(completion) == ""


def test_examples_are_written_as_the_query_is() -> None:
    prompt = Prompt("Name it.", "{query} =", (("rouge", "red"),))
    assert prompt.text("bleu") == "Name it.\n\nrouge = red\nbleu ="
    assert prompt.markers == ["="]


def test_braces_in_a_query_stay() -> None:
    assert Prompt("").text("{query} {0}") == "Query: {query} {0}\nEnglish:"


@pytest.mark.parametrize("template", ["", "English:", "{query}", " {query}\n", "{query} or {query}:"])
def test_a_template_without_its_parts(template: str) -> None:
    with pytest.raises(UserError, match=r"must hold \{query\} once"):
        Prompt("Do.", template)
