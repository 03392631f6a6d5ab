"""One split of a benchmark while it is read: what it searches, and what is asked of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from grape_rewrite.datasets.beir import Qrels
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.records import shown
from grape_rewrite.datasets.split import Query
from grape_rewrite.errors import UserError


@dataclass
class Part:
    """What one split searches, and what is asked of it; without judgements where a server keeps the answers."""

    items: list[Item] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)
    qrels: Qrels = field(default_factory=dict)
    _places: dict[tuple[str, str], str] = field(default_factory=dict, repr=False, compare=False)

    def add(self, item: Item, place: str) -> None:
        """Add an item.

        :param place: where the official files have it, for the message.
        :raises UserError: when another item has that id.
        """
        self._require_new("picture", item.id, place)
        self.items.append(item)

    def ask(self, query: Query, wanted: Iterable[str], place: str) -> None:
        """Add a query.

        :param wanted: ids of the items that answer it; none where a server keeps the answers.
        :param place: where the official files have it, for the message.
        :raises UserError: when another query has that id.
        """
        self._require_new("query", query.id, place)
        self.queries.append(query)
        if judged := dict.fromkeys(wanted, 1):
            self.qrels[query.id] = judged

    def ask_each(self, wanted: str, texts: Iterable[str], language: str, place: str) -> None:
        """Let each of several texts of a picture ask for it; an empty one asks for nothing."""
        for number, text in enumerate(texts):
            if text.strip():
                query = Query(f"{wanted}.{language}.{number}", " ".join(text.split()), language=language)
                self.ask(query, [wanted], place)

    def without_missing(self) -> "Part":
        """Return the part without those queries whose item is not there."""
        there = {item.id for item in self.items}
        kept = [query for query in self.queries if all(id in there for id in self.qrels[query.id])]
        return Part(self.items, kept, {query.id: self.qrels[query.id] for query in kept})

    def _require_new(self, kind: str, id: str, place: str) -> None:
        if (kind, id) in self._places:
            earlier = self._places[kind, id]
            raise UserError(f"{place}: the {kind} {shown(id)} is there already, from {earlier}; ids must be unique")
        self._places[kind, id] = place
