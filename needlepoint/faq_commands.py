"""Commands for the clinic's answers and the models trained from them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faq.rasa_project import Model, RasaProject
from needlepoint.printing import AsJson, show, table
from needlepoint.settings import PROJECT_ROOT, Settings, read_settings
from web.live_model import live_model_name, set_live_model

if TYPE_CHECKING:
    # What reads articles and runs the encoder is loaded by the commands that need it.
    from faq.asking import Reply
    from faq.check import Finding
    from faq.library import Faq
    from faq.meaning import Meanings

faq_app = typer.Typer(help="The clinic's questions and answers.", no_args_is_help=True)
models_app = typer.Typer(help="Trained models.", no_args_is_help=True)


class NoModel(LookupError):
    """Nothing was trained yet."""


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


def train_model(
    publish: Annotated[bool, typer.Option(help="Make the model live.")] = False,
    force: Annotated[bool, typer.Option(help="Train even when nothing changed.")] = False,
    json_: AsJson = False,
) -> None:
    """Train a model from the files as they are; the first one goes live at once."""
    settings = read_settings()
    trained = _project(settings).train(force=force, tell=_tell)
    if publish or live_model_name(settings.live_model_pointer) is None:
        set_live_model(settings.live_model_pointer, settings.models_dir, trained.model)
    live = live_model_name(settings.live_model_pointer)

    def told(_: object) -> str:
        how = "is up to date" if trained.skipped else f"trained in {trained.seconds} s"
        return f"{trained.model} {how}{', live' if trained.model == live else f'; live: {live}'}"

    show({**asdict(trained), "live": trained.model == live}, json_, told)


def train_what_changed(settings: Settings) -> None:
    """Train the files as they are; a new model goes live, otherwise what staff made live stays.

    Unless another release trained that: it can't be loaded any more, and the new one replaces it.
    """
    project = _project(settings)
    trained = project.train(tell=_tell)
    live = live_model_name(settings.live_model_pointer)
    there = live is not None and (settings.models_dir / live).is_file()
    outdated = there and live != trained.model and not project.is_loadable(live or "")
    if outdated:
        _tell(
            f"The live model {live} was trained by another release of Needlepoint or its "
            f"libraries: {trained.model} takes its place."
        )
    if not trained.skipped or not there or outdated:
        set_live_model(settings.live_model_pointer, settings.models_dir, trained.model)


def evaluate_model(
    model: Annotated[str | None, typer.Argument(help="The newest when left out.")] = None,
    questions: Annotated[
        list[Path] | None, typer.Option(help="Folder of question sets.", exists=True)
    ] = None,
    bench: Annotated[
        bool | None,
        typer.Option(
            "--bench/--no-bench",
            help="Run the public benchmarks anew, or not at all. Left out: where their data is, "
            "once for each pipeline.",
        ),
    ] = None,
    show_held_out: Annotated[
        bool, typer.Option("--show-held-out", help="Show the messages of held-out sets, too.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Test how well a model understands questions that it was not trained on."""
    settings = read_settings()
    project = _project(settings)
    folders = [path.resolve() for path in questions or [PROJECT_ROOT / "tests" / "questions"]]
    report, table = project.evaluate(
        model or _newest(project).name,
        folders,
        reports=settings.make_state_dir() / "reports",
        bench=bench,
        show_held_out=show_held_out,
        tell=_tell,
    )
    show(report, json_, lambda _: table)


def publish_model(
    model: Annotated[str | None, typer.Argument(help="The newest when left out.")] = None,
    json_: AsJson = False,
) -> None:
    """Make a trained model the one that visitors talk to."""
    settings = read_settings()
    name = model or _newest(_project(settings)).name
    before = set_live_model(settings.live_model_pointer, settings.models_dir, name)
    show({"live": name, "before": before}, json_, lambda _: f"{name} is live (before: {before})")


@models_app.command("list")
def list_models(json_: AsJson = False) -> None:
    """List the trained models, the newest first."""
    settings = read_settings()
    live = live_model_name(settings.live_model_pointer)
    rows = [
        {
            "model": model.name,
            "live": model.name == live,
            "trained_at": model.trained_at.isoformat(timespec="seconds"),
            "megabytes": round(model.size / 1e6, 1),
        }
        for model in _project(settings).list_models()
    ]
    show(rows, json_, lambda rows: table(rows, ["model", "live", "trained_at", "megabytes"]))


def _project(settings: Settings) -> RasaProject:
    return RasaProject(
        root=PROJECT_ROOT,
        python=PROJECT_ROOT / ".venv-rasa" / "bin" / "python",
        content=settings.content,
        clinic=settings.clinic,
        models=settings.models_dir,
    )


def _newest(project: RasaProject) -> Model:
    found = project.list_models()
    if not found:
        raise NoModel(f"there is no model in {project.models} yet: run 'needlepoint train'")
    return found[0]


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
