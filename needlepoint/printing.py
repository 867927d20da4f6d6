"""How the command line prints what it found: as JSON, or as text for people."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def show(found: Any, json_: bool, as_text: Callable[[Any], str]) -> None:
    """Print what was found, which is JSON already, for programs or for people."""
    print(json.dumps(found, indent=2, ensure_ascii=False) if json_ else as_text(found), flush=True)


def as_json_text(found: Any) -> bytes:
    """JSON as `write` takes it."""
    return (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode()


def write(content: bytes, output: str | None) -> None:
    """Put UTF-8 into a file, made for its owner only, or on standard output. Raises OSError."""
    if output is None:
        sys.stdout.write(content.decode())
        sys.stdout.flush()
        return
    with open(output, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(content)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows in columns as wide as their content; absent values are blank."""
    cells = [[column.replace("_", " ") for column in columns]]
    cells += [[_cell(row[column]) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _cell(value: object) -> str:
    if value is None or value is False:
        return ""
    return "yes" if value is True else " ".join(str(value).split())
