"""Prompts: the one place where a rewriter is told what to do, a plain template for each distribution shift."""

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from grape_rewrite.document import read_yaml
from grape_rewrite.errors import UserError, first_problem

QUERY = "{query}"


@dataclass(frozen=True)
class Prompt:
    """An instruction, worked examples, and the words that a query is put into.

    :param instruction: what to do, in a sentence or two; may be empty.
    :param template: a text with `{query}`, after which a base model goes on with the rewrite, to the end of the line.
    :param examples: pairs of a query and its rewrite; none of them for a zero-shot prompt.
    :param answer_after: lets a chat model reason first: the rewrite is what comes after these words, such as
        `</think>`. The reasoning needs tokens, so `max_tokens` must be larger.
    """

    instruction: str
    template: str = "Query: {query}\nEnglish:"
    examples: tuple[tuple[str, str], ...] = ()
    answer_after: str = ""

    __pydantic_config__ = ConfigDict(extra="forbid")  # a misspelt key in a config is a mistake, not an extra

    def __post_init__(self) -> None:
        if self.template.count(QUERY) != 1 or not self.markers:
            raise UserError(
                f"the template must hold {QUERY} once, and words that say what comes, not {self.template!r}; "
                f"valid is {Prompt.template!r}"
            )

    @property
    def markers(self) -> list[str]:
        """The words before and after the query; a rewrite that repeats them has copied the prompt."""
        return [part.strip() for part in self.template.split(QUERY) if part.strip()]

    def zero_shot(self) -> "Prompt":
        """The same prompt without its examples."""
        return replace(self, examples=())

    def as_mapping(self) -> dict[str, Any]:
        """Its keys and their values, as `prompt_of` reads them and a YAML file holds them."""
        return asdict(self) | {"examples": [list(example) for example in self.examples]}

    def text(self, query: str) -> str:
        """Write the prompt for a base model, which continues a document and stops at the end of the line."""
        lines = [self.instruction, ""] if self.instruction else []
        lines += [f"{self._ask(asked)} {answered}" for asked, answered in self.examples]
        return "\n".join([*lines, self._ask(query)])

    def messages(self, query: str, system: bool = True) -> list[dict[str, Any]]:
        """Write the prompt for a chat model: the examples are earlier turns, and the template is not needed.

        :param system: whether the instruction is a turn of the system, or else the beginning of the user's first.
        """
        turns = [turn for asked, answered in self.examples for turn in (("user", asked), ("assistant", answered))]
        turns.append(("user", _one_line(query)))
        if self.instruction and system:
            turns.insert(0, ("system", self.instruction))
        elif self.instruction:
            turns[0] = ("user", f"{self.instruction}\n\n{turns[0][1]}")
        return [{"role": role, "content": content} for role, content in turns]

    def answer(self, completion: str) -> str:
        """Return the rewrite of a completion: the first line of what is written that is not empty.

        >>> Prompt("Say it in English.", answer_after="</think>").answer("Apfel is apple.</think>\\n\\nred apple\\nAh")
        'red apple'
        """
        return self.written(completion).partition("\n")[0].rstrip()

    def written(self, completion: str) -> str:
        """Return what a completion writes: all of it, or what comes after the reasoning; empty if that never ends."""
        if not self.answer_after:
            return completion.strip()
        _, reasoned, rewrite = completion.rpartition(self.answer_after)
        return rewrite.strip() if reasoned else ""

    def _ask(self, query: str) -> str:
        """The template with a query, up to where the rewrite begins; tokens hold the space before a word, not after."""
        return self.template.replace(QUERY, _one_line(query)).rstrip()


def _one_line(query: str) -> str:
    """A query in one line, whatever it was: a line break in it could pose as a part of the prompt."""
    return " ".join(query.split())


PROMPTS = {
    "multilingual": Prompt(
        instruction="Describe the picture in plain English.",
        examples=(
            ("تفاحة خضراء", "green apple"),
            ("دوچرخه و میز", "bicycle and table"),
            ("orologio da parete", "clock on the wall"),
            ("barco a vela e cadeira", "sailing boat and chair"),
            ("雨伞", "umbrella"),
        ),
    ),
    "long-form": Prompt(
        instruction="Say in a few plain English words what the picture shows.",
        template="Text: {query}\nPicture:",
        examples=(
            (
                "Two things: on one side, apple, a round fruit with red or green skin that grows on trees; on the "
                "other, bicycle, a two-wheeled vehicle moved by pedals. The lamp, a device that gives light, is not "
                "in it.",
                "apple and bicycle",
            ),
            (
                "I saw it in a book. The first: a large grey animal with a trunk. The second: a piece of furniture "
                "with a flat top. It is not the picture of a knife, a tool with a sharp blade.",
                "elephant and table",
            ),
            (
                "On the page there was also something about a clock, which tells the time, but not here. Here it is a "
                "small flying insect with colourful wings, and then a vessel in which flowers are put.",
                "butterfly and vase",
            ),
            (
                "The catalogue calls it so: tree, a tall plant with a trunk and branches; under it dog, an animal that "
                "barks. Do not take it for the picture of the snow, frozen water that falls in flakes.",
                "tree and dog",
            ),
        ),
    ),
    "composed": Prompt(
        instruction="Say in plain English what is to be in the picture and what is not.",
        template="Change: {query}\nPicture:",
        examples=(
            ("glass instead of apple", "glass without apple"),
            ("no reloj, sino mariposa", "butterfly without clock"),
            ("replace cat by bicycle", "bicycle without cat"),
            ("不要刀，要树", "tree without knife"),
            ("Vase weg, dafür Buch", "book without vase"),
            ("payung sebagai ganti kursi", "umbrella without chair"),
            ("テーブルをりんごに変えて", "apple without table"),
        ),
    ),
    "composed-picture": Prompt(
        instruction="You are shown a picture and told what is to be different. Describe the picture that is wanted in "
        "a few plain English words: what is to be in it, and nothing else.",
        template="Change: {query}\nPicture:",
    ),
}


def require_reader(prompt: Prompt, rewriter: str) -> None:
    """Require that a rewriter that reads text alone is not told that it is shown a picture.

    :param rewriter: its name, for the message.
    :raises UserError: for `composed-picture`, with or without examples.
    """
    if prompt.instruction == PROMPTS["composed-picture"].instruction:
        raise UserError(
            f"rewriter {rewriter!r} reads text alone, and the prompt composed-picture says that it is shown a picture; "
            "valid is the prompt composed, or a rewriter that sees, such as Qwen/Qwen2-VL-2B-Instruct"
        )


def named_prompt(name: str) -> Prompt:
    """Return a prompt of `PROMPTS`, or the one in a YAML file with the keys of `Prompt`.

    :raises UserError: when there is no such prompt, or the file holds something else.
    """
    if name in PROMPTS:
        return PROMPTS[name]
    file = Path(name)
    if file.suffix not in {".yaml", ".yml"}:
        raise UserError(f"unknown prompt {name!r}; known: {', '.join(PROMPTS)}, or a YAML file with instruction: ...")
    content = read_yaml(file)
    try:
        return prompt_of(content)
    except UserError as error:
        raise UserError(f"prompt {file}: {error}") from error


def prompt_of(content: object) -> Prompt:
    """Return the prompt that a mapping with the keys of `Prompt` describes.

    :raises UserError: when it does not.
    """
    try:
        return TypeAdapter(Prompt).validate_python(content)
    except ValidationError as error:
        raise UserError(_problem(error)) from error


def _problem(error: ValidationError) -> str:
    """What is the matter with the content of a prompt file, and what would be valid."""
    first = error.errors()[0]
    keys = ", ".join(field.name for field in fields(Prompt))
    key = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] in {"dataclass_type", "dataclass_exact_type"}:
        return f"it must be a mapping with the keys {keys}"
    if first["type"] == "unexpected_keyword_argument":
        return f"unknown key {key!r}; known: {keys}"
    if first["type"] == "missing":
        return f"{key} is missing, as in {key}: {PROMPTS['multilingual'].instruction}"
    if key == "examples":
        where = ".".join(str(part) for part in first["loc"])
        return (
            f"{where}: {first['input']!r}, where pairs of a query and its rewrite are valid: [['Apfel', 'apple'], ...]"
        )
    return f"{first_problem(error)}, not {first['input']!r}"
