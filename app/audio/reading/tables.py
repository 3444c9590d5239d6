"""The words behind signs, units and short forms. Data only."""

# ruff: noqa: RUF001 - typographic signs are what this module is about
from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


class Named(NamedTuple):
    """A noun for one and for many."""

    one: str
    many: str


class Money(NamedTuple):
    """A currency: its unit, and the hundredth of it, empty where there is none."""

    unit: Named
    hundredth: Named | None


_CENT = Named("cent", "cents")

MONEY = MappingProxyType(
    {
        "$": Money(Named("dollar", "dollars"), _CENT),
        "US$": Money(Named("US dollar", "US dollars"), _CENT),
        "€": Money(Named("euro", "euros"), _CENT),
        "£": Money(Named("pound", "pounds"), Named("penny", "pence")),
        "¥": Money(Named("yen", "yen"), None),
        "₹": Money(Named("rupee", "rupees"), Named("paisa", "paise")),
        "₩": Money(Named("won", "won"), None),
        "₿": Money(Named("bitcoin", "bitcoins"), None),
        "USD": Money(Named("US dollar", "US dollars"), _CENT),
        "EUR": Money(Named("euro", "euros"), _CENT),
        "GBP": Money(Named("pound", "pounds"), Named("penny", "pence")),
        "JPY": Money(Named("yen", "yen"), None),
        "CHF": Money(Named("Swiss franc", "Swiss francs"), None),
    }
)

SCALES = MappingProxyType(
    {
        "thousand": "thousand",
        "million": "million",
        "billion": "billion",
        "trillion": "trillion",
        "k": "thousand",
        "K": "thousand",
        "m": "million",
        "M": "million",
        "mn": "million",
        "bn": "billion",
        "B": "billion",
        "tn": "trillion",
        "T": "trillion",
    }
)

UNITS = MappingProxyType(
    {
        "°C": Named("degree Celsius", "degrees Celsius"),
        "°F": Named("degree Fahrenheit", "degrees Fahrenheit"),
        "°": Named("degree", "degrees"),
        "nm": Named("nanometer", "nanometers"),
        "µm": Named("micrometer", "micrometers"),
        "mm": Named("millimeter", "millimeters"),
        "cm": Named("centimeter", "centimeters"),
        "m": Named("meter", "meters"),
        "km": Named("kilometer", "kilometers"),
        "ft": Named("foot", "feet"),
        "yd": Named("yard", "yards"),
        "mi": Named("mile", "miles"),
        "ha": Named("hectare", "hectares"),
        "mg": Named("milligram", "milligrams"),
        "µg": Named("microgram", "micrograms"),
        "g": Named("gram", "grams"),
        "kg": Named("kilogram", "kilograms"),
        "oz": Named("ounce", "ounces"),
        "lb": Named("pound", "pounds"),
        "lbs": Named("pound", "pounds"),
        "ml": Named("milliliter", "milliliters"),
        "mL": Named("milliliter", "milliliters"),
        "cl": Named("centiliter", "centiliters"),
        "dl": Named("deciliter", "deciliters"),
        "dL": Named("deciliter", "deciliters"),
        "l": Named("liter", "liters"),
        "L": Named("liter", "liters"),
        "gal": Named("gallon", "gallons"),
        "tbsp": Named("tablespoon", "tablespoons"),
        "tsp": Named("teaspoon", "teaspoons"),
        "ns": Named("nanosecond", "nanoseconds"),
        "µs": Named("microsecond", "microseconds"),
        "ms": Named("millisecond", "milliseconds"),
        "s": Named("second", "seconds"),
        "sec": Named("second", "seconds"),
        "secs": Named("second", "seconds"),
        "min": Named("minute", "minutes"),
        "mins": Named("minute", "minutes"),
        "h": Named("hour", "hours"),
        "hr": Named("hour", "hours"),
        "hrs": Named("hour", "hours"),
        "yr": Named("year", "years"),
        "yrs": Named("year", "years"),
        "mph": Named("mile per hour", "miles per hour"),
        "kph": Named("kilometer per hour", "kilometers per hour"),
        "kmh": Named("kilometer per hour", "kilometers per hour"),
        "bit": Named("bit", "bits"),
        "kB": Named("kilobyte", "kilobytes"),
        "KB": Named("kilobyte", "kilobytes"),
        "MB": Named("megabyte", "megabytes"),
        "GB": Named("gigabyte", "gigabytes"),
        "TB": Named("terabyte", "terabytes"),
        "PB": Named("petabyte", "petabytes"),
        "KiB": Named("kibibyte", "kibibytes"),
        "MiB": Named("mebibyte", "mebibytes"),
        "GiB": Named("gibibyte", "gibibytes"),
        "kbps": Named("kilobit per second", "kilobits per second"),
        "Mbps": Named("megabit per second", "megabits per second"),
        "Gbps": Named("gigabit per second", "gigabits per second"),
        "fps": Named("frame per second", "frames per second"),
        "rpm": Named("revolution per minute", "revolutions per minute"),
        "bpm": Named("beat per minute", "beats per minute"),
        "px": Named("pixel", "pixels"),
        "Hz": Named("hertz", "hertz"),
        "kHz": Named("kilohertz", "kilohertz"),
        "MHz": Named("megahertz", "megahertz"),
        "GHz": Named("gigahertz", "gigahertz"),
        "dB": Named("decibel", "decibels"),
        "mW": Named("milliwatt", "milliwatts"),
        "W": Named("watt", "watts"),
        "kW": Named("kilowatt", "kilowatts"),
        "MW": Named("megawatt", "megawatts"),
        "GW": Named("gigawatt", "gigawatts"),
        "Wh": Named("watt hour", "watt hours"),
        "kWh": Named("kilowatt hour", "kilowatt hours"),
        "V": Named("volt", "volts"),
        "mV": Named("millivolt", "millivolts"),
        "kV": Named("kilovolt", "kilovolts"),
        "A": Named("amp", "amps"),
        "mA": Named("milliamp", "milliamps"),
        "mAh": Named("milliamp hour", "milliamp hours"),
        "Ω": Named("ohm", "ohms"),
        "J": Named("joule", "joules"),
        "kJ": Named("kilojoule", "kilojoules"),
        "cal": Named("calorie", "calories"),
        "kcal": Named("kilocalorie", "kilocalories"),
        "Pa": Named("pascal", "pascals"),
        "hPa": Named("hectopascal", "hectopascals"),
        "kPa": Named("kilopascal", "kilopascals"),
        "psi": Named("P.S.I", "P.S.I"),
    }
)
"""Units as they stand behind a number; capitals count. No unit that is also a common word: not "in", not "C"."""

NOT_ATTACHED = frozenset({"s", "A", "m", "J", "ha", "mi", "cal", "bit"})
"""Units that need a space or a fraction before them: "90s" are years, "3A" is a seat, "5m" may be millions."""

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

DECADES = MappingProxyType(
    {
        "20": "twenties",
        "30": "thirties",
        "40": "forties",
        "50": "fifties",
        "60": "sixties",
        "70": "seventies",
        "80": "eighties",
        "90": "nineties",
    }
)

PARTS = MappingProxyType(
    {
        2: Named("half", "halves"),
        3: Named("third", "thirds"),
        4: Named("quarter", "quarters"),
        5: Named("fifth", "fifths"),
        6: Named("sixth", "sixths"),
        7: Named("seventh", "sevenths"),
        8: Named("eighth", "eighths"),
        9: Named("ninth", "ninths"),
        16: Named("sixteenth", "sixteenths"),
        32: Named("thirty-second", "thirty-seconds"),
    }
)

VULGAR = MappingProxyType(
    {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅙": "1/6", "⅛": "1/8", "⅜": "3/8"}
)

ABBREVIATIONS = MappingProxyType(
    {
        "a.k.a": "also known as",
        "approx": "approximately",
        "assn": "association",
        "ave": "Avenue",
        "blvd": "Boulevard",
        "capt": "Captain",
        "cf": "compare",
        "co": "Company",
        "col": "Colonel",
        "corp": "Corporation",
        "dept": "department",
        "e.g": "for example",
        "esp": "especially",
        "est": "estimated",
        "etc": "et cetera",
        "fig": "figure",
        "figs": "figures",
        "gen": "General",
        "gov": "Governor",
        "govt": "government",
        "i.e": "that is",
        "inc": "Incorporated",
        "incl": "including",
        "jr": "Junior",
        "lt": "Lieutenant",
        "ltd": "Limited",
        "max": "maximum",
        "misc": "miscellaneous",
        "mr": "Mister",
        "mrs": "Missis",
        "ms": "Miz",
        "mt": "Mount",
        "prof": "Professor",
        "rd": "Road",
        "rev": "Reverend",
        "sen": "Senator",
        "sgt": "Sergeant",
        "sr": "Senior",
        "temp": "temperature",
        "viz": "namely",
        "vol": "volume",
        "vs": "versus",
        "jan": "January",
        "feb": "February",
        "apr": "April",
        "aug": "August",
        "sept": "September",
        "oct": "October",
        "nov": "November",
        "dec": "December",
    }
)
"""Short forms that end in a full stop, lower case. "Dr." and "St." depend on what stands around them."""

WITHOUT_STOP = MappingProxyType({"Mr": "Mister", "Mrs": "Missis", "Ms": "Miz", "vs": "versus", "Dr": "Doctor"})
"""Short forms that are also written without the full stop; capitals count."""

BEFORE_NUMBER = MappingProxyType({"no": "number", "nos": "numbers", "p": "page", "pp": "pages", "ch": "chapter"})
"""Short forms only before a digit."""

SPOKEN_WORDS = _set(
    "AIDS ASCII COVID FIFA GIF JPEG LAN LASER MIDI NASA NATO OPEC PIN RADAR RAM ROM SARS SCUBA SIM SONAR SWAT UNESCO "
    "UNICEF WAN"
)
"""Acronyms that are read as words although they are short, or whose look suggests otherwise."""

SPELLED = _set("AFAIK ASAP EULA FAQS IEEE IMDB ISBN MOSFET OLED USAF USDA YMCA")
"""Acronyms of four letters and more that look like words and are spelled all the same."""

SHORT_WORDS = _set(
    "ALL AM AN AND ANY ARE AS AT BAD BE BIG BUT BY CAN DAY DID DO END FEW FOR GET GO GOT HAD HAS HE HER HIM HIS HOT "
    "HOW IF IN IS ITS LET MAN MAY ME MY NEW NO NOT NOW OF OFF OH OLD ON ONE OR OUR OUT PUT RUN SAY SEE SET SHE SIX "
    "SO TEN THE TO TOO TOP TRY TWO UP USE WAS WAY WE WHO WHY YES YET YOU"
)
"""Words of two and three letters that capitals only stress; every other such word in capitals is an acronym."""

SIGNS = MappingProxyType(
    {
        "&": "and",
        "+": "plus",
        "=": "equals",
        "@": "at",
        "%": "percent",
        "‰": "per mille",
        "×": "times",
        "÷": "divided by",
        "±": "plus or minus",
        "−": "minus",
        "≈": "about",
        "≠": "is not",
        "≤": "at most",
        "≥": "at least",
        "<": "less than",
        ">": "greater than",
        "→": "to",
        "⇒": "to",
        "⟶": "to",
        "➜": "to",
        "➔": "to",
        "←": "from",
        "↔": "and",
        "↑": "up",
        "↓": "down",
        "√": "square root of",
        "∞": "infinity",
        "²": "squared",
        "³": "cubed",
        "°": "degrees",
        "№": "number",
        "§": "section",
        "©": "copyright",
        "$": "dollars",
        "€": "euros",
        "£": "pounds",
        "‼": "!",
        "⁉": "?!",
        "∑": "sum of",
        "^": "to the power of",
    }
)
"""Signs that are words of their own wherever nothing better was found."""
