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
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise UserError(f"{file} is no JSON: {first['msg']}") from error
        raise UserError(f"{file} does not hold what it should: {first_problem(error)}") from error
