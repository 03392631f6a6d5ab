"""Prompts: the one place where a rewriter is told what to do, a plain template for each distribution shift."""

from dataclasses import dataclass, replace
from typing import Any

from grape_rewrite.errors import UserError


@dataclass(frozen=True)
class Prompt:
    """An instruction, worked examples, and the labels that a query and its rewrite are written with.

    :param instruction: what to do, in a sentence or two.
    :param examples: pairs of a query and its rewrite; none of them for a zero-shot prompt.
    """

    instruction: str
    query_label: str = "Query"
    rewrite_label: str = "English"
    examples: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.query_label.strip() or not self.rewrite_label.strip():
            raise UserError("a prompt's query_label and rewrite_label must not be empty; for example: Query, English")

    @property
    def markers(self) -> list[str]:
        """The labels as they stand in the prompt; a rewrite that repeats one has copied it."""
        return [f"{self.query_label}:", f"{self.rewrite_label}:"]

    def zero_shot(self) -> "Prompt":
        """The same prompt without its examples."""
        return replace(self, examples=())

    def text(self, query: str) -> str:
        """Write the prompt for a base model, which continues a document and stops at the end of the line."""
        lines = [self.instruction, ""] if self.instruction else []
        for asked, answered in self.examples:
            lines += [f"{self.query_label}: {asked}", f"{self.rewrite_label}: {answered}"]
        # A query is one line here, whatever it was: a line break in it could pose as a label.
        lines += [f"{self.query_label}: {' '.join(query.split())}", f"{self.rewrite_label}:"]
        return "\n".join(lines)

    def messages(self, query: str) -> list[dict[str, Any]]:
        """Write the prompt for a chat model: the examples are earlier turns."""
        turns = [("system", self.instruction)] if self.instruction else []
        for asked, answered in self.examples:
            turns += [("user", asked), ("assistant", answered)]
        turns.append(("user", " ".join(query.split())))
        return [{"role": role, "content": content} for role, content in turns]


PROMPTS = {
    "multilingual": Prompt(
        instruction="Describe the picture in plain English.",
        examples=(
            ("تفاحة خضراء", "green apple"),
            ("rotes Herz", "red heart"),
            ("niña corriendo", "girl running"),
            ("دوچرخه", "bicycle"),
            ("maison avec jardin", "house with garden"),
            ("kucing hitam", "black cat"),
            ("orologio da parete", "clock on the wall"),
            ("笑っている顔", "smiling face"),
            ("눈사람", "snowman"),
            ("barco a vela", "sailing boat"),
            ("ключ от дома", "house key"),
            ("sarı çiçek", "yellow flower"),
            ("雨伞", "umbrella"),
        ),
    ),
    "long-form": Prompt(
        instruction="Say in a few plain English words what the text is about.",
        query_label="Text",
        rewrite_label="Caption",
        examples=(
            ("A round fruit with red or green skin that grows on trees and keeps the doctor away.", "red apple"),
            ("A two-wheeled vehicle that a person moves by pushing pedals with the feet.", "bicycle"),
        ),
    ),
    "composed": Prompt(
        instruction="Describe the picture after the change in plain English.",
        query_label="Picture and change",
        rewrite_label="Caption",
        examples=(
            ("red apple; make it green", "green apple"),
            ("black cat; a dog instead", "black dog"),
        ),
    ),
}
