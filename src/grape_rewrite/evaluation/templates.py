"""How reports are rendered: one environment, in which every text is escaped."""

from pathlib import Path
from typing import TYPE_CHECKING

from grape_rewrite.evaluation import formats
from grape_rewrite.evaluation.languages import language_name

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(*folders: Path) -> "Environment":
    """Return the environment of the templates in some folders, and in this one, which has what all pages share."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader([*folders, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        percent=formats.percent,
        points=formats.points,
        decimal=formats.decimal,
        rank=formats.rank,
        p_value=formats.p_value,
        amount=formats.amount,
        significant=formats.significant,
        counted=formats.counted,
        name_of=formats.name_of,
        in_parts=formats.in_parts,
        within=formats.within,
        direction=formats.direction,
        language_name=language_name,
    )
    return made
