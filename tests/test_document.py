"""Whatever a file holds, it is read or said in one line what is wrong with it."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from grape_rewrite.document import read_document, read_mapping, read_yaml
from grape_rewrite.errors import UserError


class Values(BaseModel):
    values: list[int]


def test_a_file_that_is_nested_too_deeply_gets_one_line(tmp_path: Path) -> None:
    file = tmp_path / "deep"
    file.write_text('{"values": ' + "[" * 100_000)
    for read, kind in ((read_mapping, "JSON"), (read_yaml, "YAML"), (lambda file: read_document(file, Values), "JSON")):
        with pytest.raises(UserError, match=f"deep is no {kind}: ") as caught:
            read(file)
        assert "\n" not in str(caught.value)
