"""Reading the JSON files that runs leave: people copy, cut and edit them, so nothing in them is taken for granted."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from grape_rewrite.errors import UserError, first_problem

Document = TypeVar("Document", bound=BaseModel)


def read_document(file: Path, kind: type[Document]) -> Document:
    """Read a JSON file as what it should hold.

    :raises UserError: when it cannot be read, is no JSON, or holds something else, with the file and the first problem.
    """
    try:
        return kind.model_validate_json(file.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    except ValidationError as error:
        broken = error.errors()[0]["type"] == "json_invalid"
        problem = (
            f"is no JSON: {error.errors()[0]['msg']}"
            if broken
            else f"does not hold what it should: {first_problem(error)}"
        )
        raise UserError(f"{file} {problem}") from error
