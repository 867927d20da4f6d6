"""Commands that change what the assistant knows: FAQs added, removed, drafted from articles."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from needlepoint.faq_commands import meanings_of, show_findings
from needlepoint.printing import AsJson, show
from needlepoint.settings import read_settings


def add_faq(
    file: Annotated[Path, typer.Argument(help="A FAQ's file; its name is the FAQ's slug.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of the FAQ of this slug.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Add a FAQ from a file, if the check finds no errors in it."""
    from faq.check import check_file, has_errors
    from faq.writing import add_faq_file

    settings = read_settings()
    findings = check_file(settings.content, file, meanings_of(settings))
    if has_errors(findings):
        show_findings(findings, json_)
        raise typer.Exit(1)
    added = add_faq_file(settings.content, file, replace=replace)
    for warning in findings:
        print(warning, file=sys.stderr)
    found = {
        "slug": added.slug,
        "file": str(added.path),
        "findings": [asdict(finding) for finding in findings],
    }
    show(found, json_, lambda _: f"{added.slug} is in {added.path}; train and publish it next")


def remove_faq(slug: str, json_: AsJson = False) -> None:
    """Remove a FAQ; others that led to it lead elsewhere then."""
    from faq import writing

    mended = writing.remove_faq(read_settings().content, slug)

    def told(_: object) -> str:
        also = f"; taken out of what follows {', '.join(mended)}" if mended else ""
        return f"{slug} is removed{also}. Visitors have it until the next model is published"

    show({"removed": slug, "changed": list(mended)}, json_, told)
