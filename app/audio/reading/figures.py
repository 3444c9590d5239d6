"""Reads what numbers are part of: money, dates, times of day, units, ranges, fractions, years.

Plain integers and decimals stay digits: every voice reads those. Numbers longer than fifteen digits are left alone.
"""

# ruff: noqa: RUF001 - typographic signs are what this module is about
from __future__ import annotations

import re

from app.audio.reading.clock import read_dates, read_times, read_years
from app.audio.reading.tables import MONEY, NOT_ATTACHED, PARTS, SCALES, UNITS, VULGAR, Money

_NUMBER = r"\d{1,15}(?:\.\d{1,15})?"
_GROUPED = re.compile(
    r"(?<![\w.,])\d{1,3}(?:,\d{3}){1,4}(?![\w,])|(?<![\w.,])\d{1,3}(?:[\u00a0\u2009\u202f]\d{3}){1,4}(?!\w)"
)
_COMMA_DECIMAL = re.compile(r"(?<![\w.,])(\d{1,15}),(\d{1,2})(?![\w.,]*\d)(?!\w)")
_BARE_DECIMAL = re.compile(r"(?<![\w.)])\.(?=\d)")
_DOTTED = re.compile(r"(?<![\w.])[vV]?\d{1,4}(?:\.\d{1,4}){2,4}(?![\w.]*\d)")
_VERSION = re.compile(r"\b[vV](?=\d{1,4}(?:\.\d|\b))")
_PHONE = re.compile(r"(?<![\w-])(?:\+?\d{1,3}[ -])?(?:\(\d{3}\) ?|\d{3}[ -])?\d{3}-\d{4}(?![\w-])")

_SYMBOL = "|".join(re.escape(symbol) for symbol in sorted(MONEY, key=len, reverse=True) if not symbol.isalpha())
_CODE = "|".join(symbol for symbol in MONEY if symbol.isalpha())
_SCALE = "|".join(sorted(SCALES, key=len, reverse=True))
_MONEY_RANGE = re.compile(rf"({_SYMBOL})\s?({_NUMBER})\s?[-–—]\s?(?:\1)?\s?({_NUMBER})(?:\s?({_SCALE})\b)?(?![\w])")
_MONEY_BEFORE = re.compile(rf"([-−])?(?:({_SYMBOL})\s?|\b({_CODE})\s)({_NUMBER})(?:\s?({_SCALE})\b)?(?!\w)")
_MONEY_AFTER = re.compile(rf"(?<![\w.])({_NUMBER})(?:\s?({_SCALE}))?\s?(?:({_SYMBOL})|({_CODE})\b)")

_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_QUANTITY = re.compile(
    rf"(?<![\w.])([-−]?)({_NUMBER})(\s?|-)({_UNIT})([²³])?(?:/({_UNIT}|100 ?km)([²³])?)?"
    r"(?![\w/°²³]|\.\w)(?:\.(?=\s+[a-z0-9]))?"
)
_FEET_INCHES = re.compile(r"(?<![\w.])(\d{1,2})['’′]\s?(\d{1,2}(?:\.\d)?)(?:\"|''|”|″)")
_INCHES = re.compile(r"(?<![\w.])(\d{1,4}(?:\.\d{1,3})?)(?:″|\"(?=\s+[a-z])| in\.(?=\s|$))")
_PER = re.compile(r"(?<=[a-z0-9])/(second|minute|hour|day|week|month|year|person|night|hr|mo|yr|kg|lb)\b")
_PER_SHORT = {"hr": "hour", "mo": "month", "yr": "year", "kg": "kilogram", "lb": "pound"}

_RANGE = re.compile(rf"(?<![\w.,-])({_NUMBER})(%?)(?:\s?[–—]\s?|-)({_NUMBER})(?![\w-]*[\d-])")
_MINUS = re.compile(r"(?<![\w)])[-−](?=\d)")
_SUBTRACT = re.compile(r"(?<=[\w)])(?:\s+[-−]\s+|−)(?=\d)")
_BY = re.compile(r"(?<=\d)\s?x\s?(?=\d)")
_FOLD = re.compile(r"(?<=\d)[x×](?!\w)")
_FRACTION = re.compile(r"(?<![\w/.,])(?:(\d{1,4})\s)?(\d{1,4})/(\d{1,4})(?![\w/])(?!\.\d)")
_RATIO = re.compile(r"(?<![\w:.])(\d{1,4}):(\d{1,4})(?![\w:])")
_NUMBER_SIGN = re.compile(r"(?<!\w)#\s?(?=\d)")
_ABOUT = re.compile(r"(?<!\w)~\s?(?=\d)")
_POWER_OF_TEN = re.compile(r"(?<=\d)[eE]([+-]?)(\d{1,3})(?!\w)")


def read_figures(text: str) -> str:
    """Replace what a voice would misread around numbers; everything else stays as it is."""
    text = _vulgar(text)
    if not any(character.isdecimal() for character in text):
        return text
    text = _GROUPED.sub(lambda match: re.sub(r"\D", "", match.group()), text)
    text = read_dates(text)
    text = _PHONE.sub(_digits, text)
    text = _COMMA_DECIMAL.sub(r"\1.\2", text)
    text = _BARE_DECIMAL.sub("0.", text)
    text = read_times(text)
    text = _VERSION.sub("version ", _DOTTED.sub(_points, text))
    text = _money(text)
    text = _FEET_INCHES.sub(r"\1 feet \2 inches", text)
    text = _INCHES.sub(r"\1 inches", text)
    text = _FRACTION.sub(_fraction, text)
    text = _RATIO.sub(r"\1 to \2", text)
    text = _RANGE.sub(_range, text)
    text = _QUANTITY.sub(_quantity, text)
    text = _PER.sub(lambda match: f" per {_PER_SHORT.get(match.group(1), match.group(1))}", text)
    text = _POWER_OF_TEN.sub(_power_of_ten, text)
    text = _FOLD.sub(" times", _BY.sub(" by ", text))
    text = _SUBTRACT.sub(" minus ", _MINUS.sub("minus ", text))
    text = _NUMBER_SIGN.sub("number ", _ABOUT.sub("about ", text))
    return read_years(text)


def _vulgar(text: str) -> str:
    """Single-character fractions, with a space behind a whole number."""
    if text.isascii():
        return text
    for sign, written in VULGAR.items():
        if sign in text:
            text = re.sub(rf"(?<=\d){sign}", f" {written}", text).replace(sign, written)
    return text.replace("℃", "°C").replace("℉", "°F").replace("º", "°").replace("μ", "µ")


def _digits(match: re.Match[str]) -> str:
    """A telephone number, digit by digit, with a breath between its groups."""
    return ", ".join(" ".join(group) for group in re.findall(r"\d+", match.group()))


def _points(match: re.Match[str]) -> str:
    version = match.group()
    return ("version " if version[0] in "vV" else "") + version.lstrip("vV").replace(".", " point ")


def _money(text: str) -> str:
    text = _MONEY_RANGE.sub(_money_range, text)
    text = _MONEY_BEFORE.sub(
        lambda match: _amount(match.group(2) or match.group(3), match.group(4), match.group(5), match.group(1)), text
    )
    return _MONEY_AFTER.sub(
        lambda match: _amount(match.group(3) or match.group(4), match.group(1), match.group(2), None), text
    )


def _money_range(match: re.Match[str]) -> str:
    scale = f" {SCALES[match.group(4)]}" if match.group(4) else ""
    return f"{match.group(2)} to {match.group(3)}{scale} {MONEY[match.group(1)].unit.many}"


def _amount(symbol: str, number: str, scale: str | None, minus: str | None) -> str:
    """An amount of money in words: "3 dollars and 50 cents", "2.5 million euros"."""
    currency = MONEY[symbol]
    sign = "minus " if minus else ""
    if scale:
        return f"{sign}{number} {SCALES[scale]} {currency.unit.many}"
    whole, _, fraction = number.partition(".")
    if len(fraction) != 2 or currency.hundredth is None:
        return f"{sign}{number} {currency.unit.one if number == '1' else currency.unit.many}"
    return sign + _whole_and_hundredths(currency, int(whole), int(fraction))


def _whole_and_hundredths(currency: Money, whole: int, hundredths: int) -> str:
    parts = []
    if whole or not hundredths:
        parts.append(f"{whole} {currency.unit.one if whole == 1 else currency.unit.many}")
    if hundredths and currency.hundredth:
        parts.append(f"{hundredths} {currency.hundredth.one if hundredths == 1 else currency.hundredth.many}")
    return " and ".join(parts)


def _quantity(match: re.Match[str]) -> str:
    """A number with its unit: "25 degrees Celsius", "10 kilometers per hour", "5 square meters"."""
    sign, number, gap, unit, power, below, below_power = match.groups()
    if not gap and unit in NOT_ATTACHED and "." not in number and not below:
        return match.group()
    name = UNITS[unit].one if gap == "-" or number == "1" else UNITS[unit].many
    if power:
        name = f"{'square' if power == '²' else 'cubic'} {name}"
    if below:
        name += f" per {UNITS[below].one if below in UNITS else '100 kilometers'}"
        if below_power:
            name += " squared" if below_power == "²" else " cubed"
    return f"{'minus ' if sign else ''}{number} {name}"


def _range(match: re.Match[str]) -> str:
    first, percent, last = match.groups()
    hyphen = "-" in match.group()
    if hyphen and float(last) <= float(first):
        return f"{first} {last}"
    return f"{first}{percent} to {last}"


def _fraction(match: re.Match[str]) -> str:
    """A fraction or a score: "one half", "1 and 3 quarters", "8 out of 10", "24 7"."""
    before, above, below = match.groups()
    part = PARTS.get(int(below))
    lead = f"{before} " if before else ""
    if (above, below) in {("24", "7"), ("9", "11")}:
        return f"{lead}{above} {below}"
    if below in {"10", "100"}:
        return f"{lead}{above} out of {below}"
    if part is None or not 0 < int(above) < int(below):
        return f"{lead}{above} over {below}"
    one = f"a {part.one}" if before else f"one {part.one}"
    words = f"{above} {part.many}" if int(above) > 1 else one
    return f"{before} and {words}" if before else words


def _power_of_ten(match: re.Match[str]) -> str:
    return f" times 10 to the power of {'minus ' if match.group(1) == '-' else ''}{match.group(2)}"
