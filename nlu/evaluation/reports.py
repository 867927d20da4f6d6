"""The folder of reports: each in a folder of its own, `<model>-<time>`, never overwritten."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Optional, Text

from nlu.evaluation.report import FORMAT, Report

JSON_FILE = "report.json"
PAGE_FILE = "report.html"
DRAFT_PREFIX = ".draft-"

_SUFFIX = re.compile(r"\.tar\.gz$")
_TIME = re.compile(r"-(\d{8}-\d{6})(?:-(\d+))?$")


class NotWritten(Exception):
    """The report could not be kept; the text says where and why."""


def make_folder(reports: Path) -> None:
    """Makes the folder and tries it, so that nobody waits for a report that can't be kept.

    Raises:
        NotWritten: it can't be written to.
    """
    try:
        reports.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=reports)).rmdir()
    except OSError as error:
        raise _not_written(reports, error) from error


def keep(report: Report, reports: Path, page: Callable[[Report], Text]) -> Path:
    """Writes a report as JSON and as a page, both or neither. Returns its folder.

    Raises:
        NotWritten: the disk is full, say; nothing is left behind then.
    """
    draft: Optional[Path] = None
    try:
        draft = Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=reports))
        _write(draft / JSON_FILE, json.dumps(asdict(report), indent=1, ensure_ascii=False) + "\n")
        _write(draft / PAGE_FILE, page(report))
        return _put_into_place(draft, reports, name_of(report))
    except OSError as error:
        raise _not_written(reports, error) from error
    finally:
        if draft:
            shutil.rmtree(draft, ignore_errors=True)


def name_of(report: Report) -> Text:
    written = datetime.fromisoformat(report.written)
    return f"{_SUFFIX.sub('', report.model)}-{written:%Y%m%d-%H%M%S}"


def timestamp() -> Text:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _write(path: Path, text: Text) -> None:
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _put_into_place(draft: Path, reports: Path, name: Text) -> Path:
    """Moves the draft to the first name that is free: another evaluation may be as quick."""
    number = 1
    while True:
        place = reports / (name if number == 1 else f"{name}-{number}")
        if not place.exists():
            try:
                os.rename(draft, place)  # fails on a folder that is there and not empty
                return place
            except OSError:
                if not place.exists():
                    raise
        number += 1


def _not_written(reports: Path, error: OSError) -> NotWritten:
    return NotWritten(f"the report can't be written to {reports}: {error.strerror or error}")


def earlier_reports(reports: Path) -> Iterator[Dict[Text, Any]]:
    """The reports in the folder, as JSON, the newest first; what can't be read is passed over."""
    found = [(match.group(1), int(match.group(2) or 1), path) for path, match in _dated(reports)]
    for _, _, path in sorted(found, reverse=True):
        try:
            report = json.loads((path / JSON_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(report, dict) and report.get("format") == FORMAT:
            yield report


def _dated(reports: Path) -> Iterator[Any]:
    for path in reports.iterdir() if reports.is_dir() else ():
        match = _TIME.search(path.name)
        if match and not path.name.startswith(DRAFT_PREFIX):
            yield path, match


def latest_of_another_model(reports: Path, model: Text) -> Optional[Dict[Text, Any]]:
    """The newest report of any other model: what a new one is compared with."""
    return next((one for one in earlier_reports(reports) if one.get("model") != model), None)
