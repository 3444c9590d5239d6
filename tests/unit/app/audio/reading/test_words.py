from __future__ import annotations

import pytest

from app.audio.reading.words import clean, read_words


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("Dr. Smith and Prof. Lee", "Doctor Smith and Professor Lee"),
        ("Mr. and Mrs. Jones", "Mister and Missis Jones"),
        ("Dr Smith", "Doctor Smith"),
        ("St. Louis on Main St. near Oak Dr.", "Saint Louis on Main Street near Oak Drive."),
        ("fruit, e.g., apples", "fruit, for example, apples"),
        ("this, i.e. that", "this, that is that"),
        ("apples, pears, etc.", "apples, pears, et cetera."),
        ("E.g. this", "For example this"),
        ("cats vs. dogs", "cats versus dogs"),
        ("No. 5 on pp. 3", "number 5 on pages 3"),
        ("No. It is not", "No. It is not"),
        ("J. R. R. Tolkien", "J.R.R Tolkien"),
        ("in the U.S. today", "in the U.S today"),
        ("a Ph.D. in math", "a P.H.D in math"),
        ("and/or with w/o it", "and or with without it"),
    ],
)
def test_short_forms(shown: str, said: str) -> None:
    assert read_words(shown) == said


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("NASA and NATO", "Nasa and Nato"),
        ("a USB cable", "a U.S.B cable"),
        ("two CPUs", "two C.P.U's"),
        ("HTML, API, AI", "H.T.M.L, A.P.I, A.I"),
        ("the US and IT", "the U.S and I.T"),
        ("This is NOT it", "This is not it"),
        ("a WARNING", "a Warning"),
        ("STOP IT NOW, PLEASE", "stop it now, please"),
        ("COVID-19 and GPT-4", "Covid 19 and G.P.T 4"),
        ("AT&T", "A.T and T"),
        ("MP3 and iPhone", "MP3 and iPhone"),
        ("Henry VIII and Louis XIV", "Henry the 8th and Louis the 14th"),
        ("World War II", "World War 2"),
        ("World War I", "World War 1"),
        ("Then I went", "Then I went"),
    ],
)
def test_acronyms_and_roman_numerals(shown: str, said: str) -> None:
    assert read_words(shown) == said


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("you & me", "you and me"),
        ("x + y = z", "x plus y equals z"),
        ("Settings → Sound", "Settings to Sound"),
        ("50 %", "50 percent"),
        ("C# and C++ and .NET", "C sharp and C plus plus and dot N.E.T"),
        ("he/she", "he or she"),
        ("in km/h", "in kilometers per hour"),
        ("/etc/passwd", "slash etc slash passwd"),
        ("x² ± 3", "x squared plus or minus 3"),
    ],
)
def test_signs(shown: str, said: str) -> None:
    assert read_words(shown) == said


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("a , b", "a, b"),
        ("(a) b", "a, b"),
        ("a (b), c", "a, b, c"),
        ("--- ,.", ""),
        ("a\tb\nc", "a b c"),
        ("co-op", "co-op"),
    ],
)
def test_clean(shown: str, said: str) -> None:
    assert clean(shown) == said
