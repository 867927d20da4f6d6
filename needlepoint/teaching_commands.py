"""Commands that change what the assistant knows: FAQs added, removed, drafted from articles."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from needlepoint.faq_commands import meanings_of, show_findings
from needlepoint.printing import AsJson, show
from needlepoint.settings import PROJECT_ROOT, read_settings

if TYPE_CHECKING:
    from faq.drafting import NewArticle, SectionDraft


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


def draft_from_article(
    article: Annotated[
        str, typer.Argument(help="A file (text, Markdown, HTML, .docx), or an article's name.")
    ],
    output: Annotated[
        Path | None, typer.Option(help="Folder for a file of each draft, without its answer.")
    ] = None,
    add_article: Annotated[
        bool, typer.Option("--add-article", help="Put it among the clinic's articles.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Draft FAQs from an article: what it says that no FAQ answers yet."""
    from faq import drafting
    from faq.article_text import read_blocks
    from faq.sentences import SentenceReader

    settings = read_settings()
    meanings = meanings_of(settings)
    own = settings.content / "articles" / f"{article}.md"
    path = Path(article) if Path(article).exists() or not own.exists() else own
    reader = SentenceReader(PROJECT_ROOT, PROJECT_ROOT / ".venv-rasa" / "bin" / "python")
    blocks = read_blocks(path.read_bytes(), path.name)
    read = drafting.read_new_article(settings.content, blocks, meanings, reader)
    drafts = drafting.draft_sections(settings.content, read, meanings)
    if add_article:
        drafting.add_article(settings.content, read)
    written = _write_drafts(output, read, drafts) if output else {}
    found = {
        "article": read.slug,
        "title": read.title,
        "known": read.known or add_article,
        "sections": [
            {**_described(read, draft), "file": written.get(draft.slug)} for draft in drafts
        ],
    }
    show(found, json_, _drafts_text)


def _described(article: NewArticle, draft: SectionDraft) -> dict[str, Any]:
    return {
        "heading": draft.section.heading,
        "state": draft.state,
        "near": [asdict(near) for near in draft.near],
        "slug": draft.slug,
        "title": draft.title,
        "source": article.source(draft.section),
        "questions": list(draft.questions),
        "passage": draft.section.passage,
    }


def _write_drafts(
    folder: Path, article: NewArticle, drafts: Sequence[SectionDraft]
) -> dict[str, str]:
    """A file for each draft that no FAQ covers; returns their paths by slug."""
    from faq.writing import Draft, text_of

    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for draft in drafts:
        path = folder / f"{draft.slug}.yml"
        if draft.state == "covered" or path.exists():
            continue
        source = article.source(draft.section)
        # The answer and the reviewer are staff's to write: until then the check refuses it.
        empty = Draft(draft.slug, draft.title, draft.questions, "", source, "", "")
        passage = draft.section.passage.splitlines()
        comment = "".join(f"# {line}".rstrip() + "\n" for line in ["To answer from:", *passage])
        path.write_text(comment + text_of(empty, path), encoding="utf-8")
        written[draft.slug] = str(path)
    return written


def _drafts_text(found: Mapping[str, Any]) -> str:
    sections = found["sections"]
    covered = sum(section["state"] == "covered" for section in sections)
    lines = [f"{found['title']}: {len(sections)} sections, {covered} covered already"]
    for section in sections:
        near = "; ".join(f"{near['title']} ({near['slug']})" for near in section["near"])
        lines += ["", f"{section['heading']} [{section['state']}]"]
        if near:
            lines.append(f"  FAQs near it: {near}")
        if section["state"] != "covered":
            lines += [f"  Title: {section['title']}", f"  Source: {section['source']}"]
            lines += [f"  - {question}" for question in section["questions"]]
        if section["file"]:
            lines.append(f"  Written to {section['file']}")
    return "\n".join(lines)
