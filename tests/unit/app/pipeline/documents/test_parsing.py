"""Documents of every kind and in every state of repair: words with their place, or one clear sentence."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.contracts.errors import InvalidInput
from app.pipeline.documents import parsing
from app.pipeline.documents.parsing import parse
from tests.helpers.documents import pdf, write_docx


def read(path: Path) -> list[tuple[str, str, int]]:
    sections: Any = parse(str(path))["sections"]
    return [(section["text"], section["heading"], section["number"]) for section in sections]


def refused(path: Path) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as caught:
        parse(str(path))
    return caught.value.code, str(caught.value)


def trouble(path: Path) -> InvalidInput | None:
    try:
        parse(str(path))
    except InvalidInput as error:
        return error
    return None


@pytest.mark.parametrize(
    "content",
    [
        "Grüße, 漢字\nzwei".encode(),
        "Grüße, 漢字\nzwei".encode("utf-8-sig"),
        "Grüße, 漢字\nzwei".encode("utf-16"),
        "Grüße, 漢字\r\nzwei".encode("utf-32"),
    ],
)
def test_text_in_every_encoding(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    assert read(tmp_path / "a.txt") == [("Grüße, 漢字\nzwei", "", 1)]


def test_text_that_is_no_unicode_is_western_european(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Grüße für 5 €".encode("cp1252"))
    (tmp_path / "b.txt").write_bytes("Grüße überall an alle".encode("utf-16-le"))
    assert read(tmp_path / "a.txt")[0][0] == "Grüße für 5 €"
    assert read(tmp_path / "b.txt")[0][0] == "Grüße überall an alle"


def test_plain_english_in_utf_16_without_a_mark(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("The persimmon is ripe.".encode("utf-16-le"))
    (tmp_path / "b.txt").write_bytes("The persimmon is ripe.".encode("utf-16-be"))
    assert read(tmp_path / "a.txt")[0][0] == "The persimmon is ripe."
    assert read(tmp_path / "b.txt")[0][0] == "The persimmon is ripe."


def test_a_program_with_the_name_of_a_page_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"\x7fELF" + bytes(range(32)) * 100 + b"<p>text</p>" + bytes(5000))
    assert refused(tmp_path / "a.html")[0] == "document-binary"
    (tmp_path / "b.html").write_bytes("<p>wide page</p>".encode("utf-16"))
    assert read(tmp_path / "b.html")[0][0] == "wide page"


def test_a_comment_that_never_ends_hides_the_rest_of_a_page(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<!-- a --><p>seen</p>" + "<!-- <p>unseen</p>" * 100_000)
    assert read(tmp_path / "a.html")[0][0] == "seen"


def test_a_title_with_endless_spaces_is_a_title(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# a" + " " * 200_000 + "b ##\n\nwords\n")
    sections = read(tmp_path / "a.md")
    assert sections[0][1] == "a b"


def test_titles_without_words_are_kept_together_within_bounds(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# the same title\n" * 2_000)
    sections = read(tmp_path / "a.md")
    assert sum(text.count("the same title") for text, _, _ in sections) == 2_000
    assert max(len(text) for text, _, _ in sections) < 2_000


def test_binary_data_with_the_name_of_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(bytes(range(256)) * 20)
    assert refused(tmp_path / "a.txt") == ("document-binary", "This is not text but binary data.")


def test_a_long_text_comes_in_parts_that_are_the_whole(tmp_path: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(500))
    (tmp_path / "a.txt").write_text(text)
    begin, parts = 0, []
    while begin is not None:
        part: Any = parse(str(tmp_path / "a.txt"), begin, 1000)
        (section,) = part["sections"]
        assert text.splitlines()[section["number"] - 1] == section["text"].split("\n")[0]
        parts.append(section["text"])
        begin = part["next"]
    assert "".join(parts) == text
    assert len(parts) > 3


def test_markdown_sections_have_a_path_and_a_line(tmp_path: Path) -> None:
    source = "intro\n\n# Pump\n\n## Start\nTurn it on.\n```\n# no title\n```\nStop\n----\nTurn it off.\n"
    (tmp_path / "a.md").write_text(source)
    assert read(tmp_path / "a.md") == [
        ("intro\n", "", 1),
        ("# Pump\n\n## Start\nTurn it on.\n```\n# no title\n```", "Pump > Start", 3),
        ("Stop\n----\nTurn it off.\n", "Pump > Stop", 10),
    ]


def test_html_gives_what_a_reader_sees(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><head><title>Pumps</title><style>p{}</style></head><body><nav>Home</nav><script>evil()</script>"
        "<!-- secret --><h1>Start</h1><p>Turn the <b>red</b>\n valve.<br>Wait.</p><p hidden>unseen</p>"
        "<p style='display: none'>unseen</p><h2>Table</h2><table><tr><td>bar</td><td>7</td></tr></table>"
        "<img src='http://127.0.0.1:9/x.png' alt='x'></body></html>"
    )
    assert read(tmp_path / "a.html") == [
        ("Start\nTurn the red valve.\nWait.", "Pumps > Start", 0),
        ("Table\nbar 7", "Pumps > Start > Table", 0),
    ]


def test_html_nested_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<div>" * 5000 + "x")
    assert refused(tmp_path / "a.html") == ("document-broken", "The page is nested too deeply to be read.")


def test_a_pdf_is_read_page_by_page(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf("First (page)\nsecond line", "", "Third", packed=True))
    assert read(tmp_path / "a.pdf") == [("First (page)\nsecond line", "", 1), ("Third", "", 3)]


def test_a_scan_has_no_words_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf("", ""))
    answer = parse(str(tmp_path / "a.pdf"))
    assert answer["sections"] == []
    assert "recognise its text first" in str(answer["if_empty"])


def test_a_pdf_with_a_password_is_refused_and_one_that_only_forbids_printing_is_read(tmp_path: Path) -> None:
    for name, password in (("locked.pdf", "sesame"), ("printing.pdf", "")):
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("Inside.")))
        writer.encrypt(password, "owner", algorithm="RC4-128")
        writer.write(tmp_path / name)
    assert refused(tmp_path / "locked.pdf") == (
        "document-locked",
        "It is protected by a password: save a copy without one.",
    )
    assert read(tmp_path / "printing.pdf") == [("Inside.", "", 1)]


@pytest.mark.parametrize("ending", [".pdf", ".docx"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(0, 1), flipped=st.integers(0, 255), at=st.floats(0, 1))
def test_a_damaged_file_is_a_sentence_or_what_is_left_of_it(
    tmp_path: Path, ending: str, cut: float, flipped: int, at: float
) -> None:
    path = tmp_path / f"a{ending}"
    if ending == ".pdf":
        path.write_bytes(pdf("One", "Two", packed=True))
    else:
        write_docx(path, "One", [("Two", "Three")])
    content = bytearray(path.read_bytes())
    content[int(at * (len(content) - 1))] ^= flipped
    path.write_bytes(content[: int(cut * len(content))])
    error = trouble(path)
    assert error is None or error.code in {"document-broken", "document-locked", "document-bomb"}
    assert len(str(error)) < 250


def test_a_word_document_has_headings_and_tables(tmp_path: Path) -> None:
    write_docx(tmp_path / "a.docx", "Manual", [("Safety", "Wear gloves."), ("Oil", "Two litres.")], [["a", "b"]])
    assert read(tmp_path / "a.docx") == [
        ("Manual\nSafety\nWear gloves.", "Manual > Safety", 0),
        ("Oil\nTwo litres.\na | b", "Manual > Oil", 0),
    ]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    write_docx(tmp_path / "a.docx", "", [("", "words")])
    with zipfile.ZipFile(tmp_path / "a.docx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/zeros.bin", b"\0" * 30_000_000)
    code, sentence = refused(tmp_path / "a.docx")
    assert code == "document-bomb"
    assert "30 MB" in sentence


def test_external_entities_of_a_word_document_stay_outside(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the secret")
    write_docx(tmp_path / "plain.docx", "", [("", "WORDS")])
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    with zipfile.ZipFile(tmp_path / "plain.docx") as old, zipfile.ZipFile(tmp_path / "a.docx", "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == "word/document.xml":
                head, _, body = content.decode().partition("?>")
                content = f"{head}?>{entity}{body.replace('WORDS', 'before &e; after')}".encode()
            new.writestr(part, content)
    error = trouble(tmp_path / "a.docx")
    if error is None:
        assert all("the secret" not in text for text, _, _ in read(tmp_path / "a.docx"))
    else:
        assert error.code == "document-broken"


def test_an_old_word_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512)
    assert refused(tmp_path / "a.docx")[0] == "document-locked"


def test_what_is_missing_too_large_or_of_another_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "big.txt").write_bytes(b"x" * 100)
    monkeypatch.setattr(parsing, "LARGEST_BYTES", 99)
    assert refused(tmp_path / "a.jpg")[0] == "document-kind"
    assert refused(tmp_path / "gone.txt")[0] == "document-unreadable"
    assert refused(tmp_path / "big.txt")[0] == "document-too-large"
