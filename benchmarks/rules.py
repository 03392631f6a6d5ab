"""What rules reach that know how the embedded data sets are made, beside raw queries and human English.

    .venv/bin/python benchmarks/rules.py > docs/evidence/rules.json

The queries of `paragraphs` and `composed` are put together from sentences that somebody wrote, so that a program which
knows these can take them apart again. These rules do: with the sentences of the split that they are measured on, with
those that training queries are made of, and, for paragraphs, by words of denial alone. They are no baselines, since
nobody has such knowledge of what users write; they say how much of a task is the reading of its sentences. The last
line, on standard output, is one JSON object.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable

import numpy as np

from grape_rewrite.datasets import Dataset, Query, Split
from grape_rewrite.datasets.change import LANGUAGES
from grape_rewrite.datasets.change import WORDINGS as CHANGES
from grape_rewrite.datasets.paragraph_wordings import WORDINGS as PARAGRAPHS
from grape_rewrite.index import Index
from grape_rewrite.retrievers import Retriever
from grape_rewrite.searching import Searching

SEARCHING = Searching(picture_weight=0.4, without=0.5)  # as configs/composed.yaml has it
DENIAL = re.compile(
    r"\b(not|no|nothing|none|never|nobody|without|vain|missing|absent|wrong|instead|except|confuse|leave|spare)\b",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"(?<=[.?!])\s+")


def main() -> None:
    """Measure all rules on test and print them."""
    retriever = Retriever.load("lite-clip")
    found = {}
    for name, rules in (("paragraphs", PARAGRAPH_RULES), ("composed", CHANGE_RULES)):
        dataset = Dataset.load(name)
        index = retriever.index(dataset.corpus)
        index.searching = SEARCHING if dataset.test.pictured else Searching()
        methods: dict[str, Callable[[Query], str]] = {
            "raw": lambda query: query.text,
            **rules,
            "human": lambda query: query.reference or "",
        }
        found[name] = {label: measured(index, dataset.test, rule) for label, rule in methods.items()}
        for label, figures in found[name].items():
            print(f"{name}, {label}: {figures}", file=sys.stderr)
    print(json.dumps(found))


def measured(index: Index, split: Split, rule: Callable[[Query], str]) -> dict[str, float]:
    """Recall@10 and MRR of what a rule makes of the queries, and the share of those that it changes."""
    texts = [rule(query) for query in split.queries]
    ranks = index.ranks(texts, split)
    changed = [text != query.text for text, query in zip(texts, split.queries, strict=True)]
    return {
        "recall@10": round(float((ranks <= 10).mean()), 4),
        "mrr": round(float((1 / ranks).mean()), 4),
        "changed": round(float(np.mean(changed)), 4),
    }


def without_denial(query: Query) -> str:
    """Drop the sentences that deny something."""
    kept = [sentence for sentence in SENTENCE.split(query.text) if not DENIAL.search(sentence)]
    return " ".join(kept) or query.text


def without_asides(splits: Iterable[str]) -> Callable[[Query], str]:
    """Drop what is said of things that are not there, and what comes before things, in the sentences of some splits."""
    asides, others = [], []
    for split in splits:
        wordings = PARAGRAPHS[split]
        # What fills the gap has no stop in it, but for its own, as definitions have none.
        asides += [re.escape(aside).replace(r"\{\}", "[^.]*") for aside in wordings.asides]
        others += [
            re.escape(text) for text in (*wordings.openings, *(lead for pair in wordings.leads for lead in pair))
        ]
    known = re.compile("|".join([*asides, *others]))
    return lambda query: " ".join(known.sub("", query.text).split()) or query.text


def new_without_old(splits: Iterable[str]) -> Callable[[Query], str]:
    """Say "new without old", taking both from a change that is worded as in some splits."""
    forms = {
        language: [
            re.compile(re.escape(wording).replace(r"\{old\}", "(?P<old>.+)").replace(r"\{new\}", "(?P<new>.+)"))
            for split in splits
            for wording in CHANGES[split][language]
        ]
        for language in LANGUAGES
    }

    def rule(query: Query) -> str:
        matches = (form.fullmatch(query.text) for form in forms[query.language or "en"])
        match = next(filter(None, matches), None)
        return f"{match['new']} without {match['old']}" if match else query.text

    return rule


PARAGRAPH_RULES = {
    "words of denial": without_denial,
    "sentences of training": without_asides(["train", "dev"]),
    "its own sentences": without_asides(["test"]),
}
CHANGE_RULES = {
    "wordings of training": new_without_old(["train", "dev"]),
    "its own wordings": new_without_old(["test"]),
}

if __name__ == "__main__":
    main()
