"""`grape.json`: what a trained adapter folder says of itself beside PEFT's own files."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from grape_rewrite.atomic import write_text
from grape_rewrite.document import read_document
from grape_rewrite.errors import UserError
from grape_rewrite.rewriting.prompt import Prompt
from grape_rewrite.searching import Searching

ADAPTER_FILE = "grape.json"
WEIGHT_FILES = ("adapter_model.safetensors", "adapter_config.json")  # PEFT's own
UNCHANGED = "training never beat the untrained rewriter on the dev queries, so it changes nothing"
"""What is to be said of an adapter whose best step is 0."""


class TaskFacts(BaseModel):
    """What an adapter was trained for: which corpus and retriever, and how it was asked.

    `pictures` says whether its queries had pictures, `data_fingerprint` is that of corpus, queries and judgements; both
    are None in adapters from before they were noted.
    """

    model_config = ConfigDict(extra="forbid")

    prompt: Prompt
    retriever: str
    retriever_fingerprint: str
    corpus_fingerprint: str
    data_fingerprint: str | None = None
    pictures: bool | None = None


class AdapterFacts(TaskFacts):
    """The content of `grape.json`: the task that an adapter was trained for, and how.

    `output_vocabulary` holds the token ids that rewrites may be made of, None when all may. `searching` is how its
    rewrites were searched with. `also` are further tasks that the same adapter has learned, beside its own.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), allow_inf_nan=False)

    base_model: str
    max_tokens: int = Field(ge=1)
    output_vocabulary: list[NonNegativeInt] | None = Field(min_length=1)
    searching: Searching = Searching(picture_weight=0.0)  # as before there was a choice
    reward: str
    algorithm: Literal["grpo", "best-of-group"] = "grpo"
    seed: NonNegativeInt
    steps: NonNegativeInt
    dev_mrr: float | None = None
    versions: dict[str, str]
    also: list[TaskFacts] = []

    @property
    def tasks(self) -> list[TaskFacts]:
        """All that it was trained for."""
        first = TaskFacts.model_validate({key: getattr(self, key) for key in TaskFacts.model_fields})
        return [first, *self.also]

    def task_for(self, retriever_fingerprint: str, corpus_fingerprint: str) -> TaskFacts | None:
        """Return the task of this retriever and corpus; None if there is none."""
        fitting = (task for task in self.tasks if task.retriever_fingerprint == retriever_fingerprint)
        return next((task for task in fitting if task.corpus_fingerprint == corpus_fingerprint), None)


def read_adapter(folder: Path) -> AdapterFacts:
    """Read the `grape.json` of an adapter folder.

    :raises UserError: when it is missing or does not hold what it should, with the file and the first problem.
    """
    path = folder / ADAPTER_FILE
    if not path.is_file():
        raise UserError(f"{path} is missing: {folder} is no adapter folder written by grape train")
    return read_document(path, AdapterFacts)


MODEL_CARD = """\
---
library_name: peft
tags: [query-rewriting, retrieval, {tag}, lora]
---

# A query rewriter for the retriever `{retriever}`

A LoRA adapter for `{base_model}`, trained {how}, by what the frozen retriever makes of them (reward
`{reward}`): step {steps}, seed {seed}, mean reciprocal rank on the dev queries {dev_mrr}.

It rewrites a query into words that this retriever finds more with; another retriever may not profit. Use it with

    grape rewrite --rewriter FOLDER "ein roter Apfel"

or as a plain PEFT adapter, asked with the prompt in `grape.json`: the first line of the answer counts, and it was
measured with the output vocabulary that is named there, not with all tokens. The fingerprints of the retriever and the
corpus and the versions are there too. The licence of the base model holds for what is made from it.
"""


HOW = {
    "grpo": ("by GRPO on groups of rewrites", "grpo"),
    "best-of-group": ("by fine-tuning on the best rewrite of each group", "rejection-sampling"),
}


def model_card(facts: AdapterFacts) -> str:
    """Return the `README.md` of an adapter folder, in place of the empty form that PEFT writes."""
    mrr = "not measured" if facts.dev_mrr is None else f"{facts.dev_mrr:.3f}"
    how, tag = HOW[facts.algorithm]
    return MODEL_CARD.format(**{**dict(facts), "dev_mrr": mrr, "how": how, "tag": tag})


def write_adapter(folder: Path, facts: AdapterFacts) -> None:
    """Write `grape.json` and the model card into an adapter folder, each whole or not at all.

    :raises UserError: when the disk cannot take it.
    """
    write_text(folder / "README.md", model_card(facts))
    write_text(folder / ADAPTER_FILE, facts.model_dump_json(indent=1) + "\n")
