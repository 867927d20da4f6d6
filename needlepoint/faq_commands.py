"""Commands for the clinic's answers: asked, listed, shown, checked."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from needlepoint.printing import AsJson, show, table
from needlepoint.settings import PROJECT_ROOT, Settings, read_settings

if TYPE_CHECKING:
    # What reads articles and runs the encoder is loaded by the commands that need it.
    from faq.asking import Reply
    from faq.check import Finding
    from faq.library import Faq
    from faq.meaning import Meanings

faq_app = typer.Typer(help="The clinic's questions and answers.", no_args_is_help=True)


def ask_question(question: str, json_: AsJson = False) -> None:
    """Ask the running assistant a question, as a visitor would."""
    from faq.articles import read_articles
    from faq.asking import ask

    settings = read_settings()
    replies = ask(settings.rasa_base_url, question)
    articles = read_articles(settings.content / "articles")

    def described(reply: Reply) -> dict[str, Any]:
        source = articles.source(reply.source) if reply.source else None
        shown = {"title": source.title, "url": source.url} if source else None
        return {"text": reply.text, "source": shown, "choices": list(reply.choices)}

    found = {"question": question, "replies": [described(reply) for reply in replies]}
    show(found, json_, _reply_text)


def _reply_text(found: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for reply in found["replies"]:
        lines.append(reply["text"])
        if reply["source"]:
            lines.append(f"  Source: {reply['source']['title']} ({reply['source']['url']})")
        lines += [f"  [{title}]" for title in reply["choices"]]
    return "\n".join(lines)


@faq_app.command("list")
def list_faqs(json_: AsJson = False) -> None:
    """List the FAQs."""
    from faq.library import read_faqs

    library = read_faqs(read_settings().content)
    rows = [_faq_row(faq) for faq in library]
    show(rows, json_, lambda rows: table(rows, ["slug", "title", "phrasings", "reviewed"]))
    for broken in library.broken:
        print(broken, file=sys.stderr)
    if library.broken:
        raise typer.Exit(1)


@faq_app.command("show")
def show_faq(slug: str, json_: AsJson = False) -> None:
    """Show a FAQ."""
    from faq.library import read_faqs

    faq = read_faqs(read_settings().content).get(slug)
    described = {**_faq_row(faq), "answer": faq.answer, "phrasings": list(faq.phrasings)}
    show({**described, "file": str(faq.path)}, json_, _faq_text)


def _faq_row(faq: Faq) -> dict[str, Any]:
    return {
        "slug": faq.slug,
        "title": faq.title,
        "source": faq.source,
        "reviewer": faq.reviewer,
        "reviewed": faq.reviewed,
        "phrasings": len(faq.phrasings),
    }


def _faq_text(faq: Mapping[str, Any]) -> str:
    phrasings = "\n".join(f"  - {phrasing}" for phrasing in faq["phrasings"])
    return (
        f"{faq['title']}\n\n{faq['answer']}\n\n"
        f"Source: {faq['source']}\nReviewed: {faq['reviewed']}, {faq['reviewer']}\n"
        f"File: {faq['file']}\nPhrasings:\n{phrasings}"
    )


@faq_app.command("check")
def check_faqs(
    file: Annotated[Path | None, typer.Argument(help="One file; all FAQs when left out.")] = None,
    json_: AsJson = False,
) -> None:
    """Check the FAQs, or one file that is to become one; errors make it exit with 1."""
    from faq.check import check_file, check_library, has_errors

    settings = read_settings()
    meanings = meanings_of(settings)
    if file is None:
        findings = check_library(settings.content, meanings)
    else:
        findings = check_file(settings.content, file, meanings)
    show_findings(findings, json_)
    if has_errors(findings):
        raise typer.Exit(1)


def meanings_of(settings: Settings) -> Meanings:
    """What phrasings mean, remembered beside the databases."""
    from faq.meaning import Meanings

    kept = settings.make_state_dir() / "meanings.npz"
    return Meanings(PROJECT_ROOT / "models" / "encoder", kept)


def show_findings(findings: Sequence[Finding], json_: bool) -> None:
    """Print findings, and how many they are."""
    errors = sum(finding.severity == "error" for finding in findings)

    def told(rows: Sequence[Mapping[str, Any]]) -> str:
        lines = [str(finding) for finding in findings]
        return "\n".join([*lines, f"{errors} errors, {len(rows) - errors} warnings"])

    show([asdict(finding) for finding in findings], json_, told)
