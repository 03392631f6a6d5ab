"""Reading the files that people write, and those that runs leave: nothing in them is taken for granted."""

import json
from pathlib import Path
from typing import Any, TypeVar

import yaml
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


def read_mapping(file: Path) -> dict[str, Any]:
    """Read a JSON file that holds a mapping of any keys.

    :raises UserError: when it cannot be read, or holds none.
    """
    try:
        found = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise UserError(f"{file} does not hold what it should: a mapping of keys to values")
    return found


def read_yaml(file: Path) -> Any:
    """Read a YAML file, whatever it holds.

    :raises UserError: when it cannot be read, or is no YAML, with the place in it.
    """
    try:
        return yaml.safe_load(read_text(file))
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also a date that there is not
        raise UserError(f"{file} is no YAML: {' '.join(str(error).split())}") from error


def read_text(file: Path) -> str:
    """Read a UTF-8 file.

    :raises UserError: when it cannot be read, or is no text.
    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{file} is no text: {error}") from error
