import io
import zipfile

import docx
import pytest

from faq.article_text import Block, UnreadableArticle, blocks_of_text, read_blocks

LONG = "The cream goes on first and needs some time to work. " * 4


def kinds(blocks: tuple[Block, ...]) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in blocks]


def word_file() -> bytes:
    document = docx.Document()
    document.add_heading("Your visit", 0)
    document.add_heading("Numbing cream", 1)
    document.add_paragraph(LONG)
    document.add_paragraph("Bring a book", "List Bullet")
    document.add_table(1, 2).rows[0].cells[0].text = "Price"
    document.tables[0].rows[0].cells[1].text = "$80"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_markdown_is_read() -> None:
    text = f"---\ntitle: Your visit\n---\n## Numbing *cream*\n\n{LONG}\nmore\n\n- one\n- two\n"

    assert kinds(blocks_of_text(text)) == [
        ("title", "Your visit"),
        ("heading", "Numbing cream"),
        ("text", f"{LONG.strip()} more"),
        ("item", "one"),
        ("item", "two"),
    ]


def test_a_page_is_read_without_its_scripts_and_menus() -> None:
    page = (
        "<!doctype html><html><head><title>x</title><script>alert(1)</script></head><body>"
        "<nav>Home</nav><h1>Your visit</h1><p>" + LONG + "<b>Yes</b> &amp; no</p>"
        "<ul><li>one<li>two</ul><footer>2026</footer></body></html>"
    )

    assert kinds(read_blocks(page.encode(), "page.html")) == [
        ("heading", "Your visit"),
        ("text", f"{LONG}Yes & no"),
        ("item", "one"),
        ("item", "two"),
    ]


def test_a_word_file_is_read() -> None:
    assert kinds(read_blocks(word_file(), "visit.docx")) == [
        ("title", "Your visit"),
        ("heading", "Numbing cream"),
        ("text", LONG.strip()),
        ("item", "Bring a book"),
        ("item", "Price: $80"),
    ]


def test_plain_text_is_read_by_its_blank_lines() -> None:
    text = f"Your visit\r\n\r\n{LONG}\r\nand on\r\n\r\n• one\r\n2) two\r\n"

    assert kinds(read_blocks(b"\xef\xbb\xbf" + text.encode(), "visit.txt")) == [
        ("text", "Your visit"),
        ("text", f"{LONG.strip()} and on"),
        ("item", "one"),
        ("text", "two"),
    ]


def test_utf_16_as_notepad_saves_it_is_read() -> None:
    assert read_blocks(f"Grüße\n\n{LONG}".encode("utf-16"))[0].text == "Grüße"


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 40_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "complaint", "cure"),
    [
        (f"Caf\xe9 {LONG}".encode("latin-1"), "a.txt", "Line 1 holds letters", "as UTF-8"),
        (b"%PDF-1.7 ...", "a.pdf", "a PDF", "copy its text and paste it"),
        (b"\xd0\xcf\x11\xe0\xa1", "a.doc", "an old Word file", "save it as .docx"),
        (b"PK\x03\x04 broken", "a.docx", "damaged one", "Save it again as .docx"),
        (b"no zip at all", "a.docx", "no Word file", "paste its text"),
        (bomb(), "a.docx", "unpacks to more", "Take the pictures out"),
        (b"x" * 2_000_001, "a.txt", "2.0 MB", "paste the text"),
        (b"word " * 50_000, "a.txt", "250,000 characters", "Split it"),
        (b"Only this.", "a.txt", "only 2 words", "has 30 at least"),
        (b"", "a.txt", "only 0 words", "has 30 at least"),
        (b"a\x00b" * 100, "a.txt", "no text file", "Upload text"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_to_do(
    content: bytes, name: str, complaint: str, cure: str
) -> None:
    with pytest.raises(UnreadableArticle) as refused:
        read_blocks(content, name)

    assert complaint in str(refused.value)
    assert cure in str(refused.value)


def test_a_word_file_with_a_broken_inside_is_told() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word_file())) as sound, zipfile.ZipFile(out, "w") as broken:
        for part in sound.infolist():
            text = sound.read(part)
            broken.writestr(part, text[:100] if part.filename == "word/document.xml" else text)

    with pytest.raises(UnreadableArticle, match="damaged or protected"):
        read_blocks(out.getvalue(), "a.docx")
