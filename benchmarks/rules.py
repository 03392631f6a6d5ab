"""What rules reach that know how the embedded data sets are made, beside raw queries and human English.

    .venv/bin/python benchmarks/rules.py > docs/evidence/rules.json

The queries of `paragraphs` and `composed` are put together from sentences that somebody wrote, so that a program which
knows these can take them apart again. These rules do: with the sentences of the split that they are measured on, with
those that training queries are made of, and, for paragraphs, by words of denial alone; for changes, which come in
seven languages, also with a dictionary of the names that they may hold. They are no baselines, since nobody has such
knowledge of what users write; they say how much of a task is the reading of its sentences. Measured are the queries
that the studies in `docs/evidence` measure, those in English also alone, and, where queries have pictures, also
without these. The last line, on standard output, is one JSON object.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from grape_rewrite.datasets import Dataset, Query, Split
from grape_rewrite.datasets.change import LANGUAGES
from grape_rewrite.datasets.change import WORDINGS as CHANGES
from grape_rewrite.datasets.composed import DRAWINGS
from grape_rewrite.datasets.paragraph_wordings import WORDINGS as PARAGRAPHS
from grape_rewrite.index import Index
from grape_rewrite.retrievers import Retriever
from grape_rewrite.searching import Searching

QUERIES = 1300  # of test, or all where there are fewer, as in the studies
SEARCHING = Searching(picture_weight=0.4, without=0.5)  # as configs/composed.yaml has it
DENIAL = re.compile(
    r"\b(not|no|nothing|none|never|nobody|without|vain|missing|absent|wrong|instead|except|confuse|leave|spare)\b",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"(?<=[.?!])\s+")


def main() -> None:
    """Measure all rules on test queries and print them."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    retriever = Retriever.load("lite-clip")
    found = {}
    for name, rules in (("paragraphs", PARAGRAPH_RULES), ("composed", change_rules())):
        dataset = Dataset.load(name)
        split = dataset.test.sample(QUERIES)
        index = retriever.index(dataset.corpus)
        index.searching = SEARCHING if split.pictured else Searching()
        methods: dict[str, Callable[[Query], str]] = {
            "raw": lambda query: query.text,
            **rules,
            "human": lambda query: query.reference or "",
        }
        found[name] = {label: measured(index, split, rule) for label, rule in methods.items()}
        for label, figures in found[name].items():
            print(f"{name}, {label}: {figures}", file=sys.stderr)
    print(json.dumps(found))


def measured(index: Index, split: Split, rule: Callable[[Query], str]) -> dict[str, float]:
    """Recall@10 and MRR of what a rule makes of the queries, and the share of those that it changes.

    With them go Recall@10 over queries in English, `english`, and, where queries have pictures, that of what the rule
    says where these are left out, `no picture`.
    """
    texts = [rule(query) for query in split.queries]
    ranks = index.ranks(texts, split)
    english = [query.language == "en" for query in split.queries]
    changed = [text != query.text for text, query in zip(texts, split.queries, strict=True)]
    found = {
        "recall@10": float((ranks <= 10).mean()),
        "mrr": float((1 / ranks).mean()),
        "english": float((ranks[english] <= 10).mean()),
        "changed": float(np.mean(changed)),
    }
    if split.pictured:
        found["no picture"] = float((index.searched(picture_weight=0.0).ranks(texts, split) <= 10).mean())
    return {name: round(figure, 4) for name, figure in found.items()}


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


def english_names() -> dict[tuple[str, str], str]:
    """The English name of each drawing that changes are told of, by a language and its name there."""
    emoji = Dataset.load("emoji")
    names = {
        (language, emoji.queries[f"{id}.{language}"].text): emoji.queries[f"{id}.en"].text
        for id in DRAWINGS
        for language in LANGUAGES
    }
    assert len(names) == len(DRAWINGS) * len(LANGUAGES), "no two drawings share a name"
    return names


def new_without_old(
    splits: Iterable[str], names: Mapping[tuple[str, str], str] | None = None
) -> Callable[[Query], str]:
    """Say "new without old", taking both from a change that is worded as in some splits.

    :param names: what to say for a name in a language; the name itself where it is not there.
    """
    known = names or {}
    forms = {
        language: [
            re.compile(re.escape(wording).replace(r"\{old\}", "(?P<old>.+)").replace(r"\{new\}", "(?P<new>.+)"))
            for split in splits
            for wording in CHANGES[split][language]
        ]
        for language in LANGUAGES
    }

    def rule(query: Query) -> str:
        language = query.language or "en"
        matches = (form.fullmatch(query.text) for form in forms[language])
        match = next(filter(None, matches), None)
        if match is None:
            return query.text
        new, old = (known.get((language, match[part]), match[part]) for part in ("new", "old"))
        return f"{new} without {old}"

    return rule


def change_rules() -> dict[str, Callable[[Query], str]]:
    """The rules for `composed`, of which the last has all that there is to know of its texts."""
    return {
        "wordings of training": new_without_old(["train", "dev"]),
        "its own wordings": new_without_old(["test"]),
        "its own wordings, names translated": new_without_old(["test"], english_names()),
    }


PARAGRAPH_RULES = {
    "words of denial": without_denial,
    "sentences of training": without_asides(["train", "dev"]),
    "its own sentences": without_asides(["test"]),
}


if __name__ == "__main__":
    main()
