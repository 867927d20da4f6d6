"""Content folders made to order: articles and FAQs as a clinic would keep them."""

from pathlib import Path

ARTICLE = """---
title: Your treatment
summary: What happens on the day and after.
---
## Downtime

Redness tends to settle within hours.

## Numbing cream

It usually goes on first.
"""

FAQ = """version: "3.1"
nlu:
  - intent: faq/{slug}
    metadata:
      title: {title}
      source: your-treatment#downtime
      reviewer: Clinic content team
      reviewed: "2026-11-20"
    examples: |
      - how long is the downtime
      - can i go back to work the next day
      - recovery time
      - when will i look normal again
      - do i have to take days off
responses:
  utter_faq/{slug}:
    - text: "{answer}"
      custom:
        faq: {slug}
        title: {title}
        source: your-treatment#downtime
"""

ANSWER = (
    "Usually very little. Redness and swelling tend to settle within a few hours, and most people "
    "go on with their day. If something important is coming up, tell us at your consultation."
)


def faq_text(slug: str = "downtime", title: str = "How long is the downtime?") -> str:
    return FAQ.format(slug=slug, title=title, answer=ANSWER)


def make_content(folder: Path) -> Path:
    """A content folder with one article and the FAQ `downtime`."""
    for name in ("articles", "faq"):
        (folder / name).mkdir(parents=True)
    (folder / "articles" / "your-treatment.md").write_text(ARTICLE, encoding="utf-8")
    (folder / "faq" / "downtime.yml").write_text(faq_text(), encoding="utf-8")
    return folder
