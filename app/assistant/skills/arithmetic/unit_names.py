"""Names of units as people say them, and which of several units of one name is taken.

Why it exists: the unit library knows thousands of symbols, among them ``c`` for the speed of light and ``f`` for a
farad. What people mean in a kitchen is written down here, and where a name stands for several units, the one that is
taken and the sentence that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

Factors = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit, or several multiplied.

    Attributes:
        factors: Names of the unit library with their powers.
        one: What one of it is called: "foot".
        many: What several are called: "feet".
        scale: How many of ``factors`` it is.
        taken: The sentence for a name that has other meanings, empty for a clear one.
    """

    factors: Factors
    one: str
    many: str
    scale: Fraction = Fraction(1)
    taken: str = ""

    @property
    def name(self) -> str:
        """The library's name of a unit that is no product, empty for others."""
        plain = len(self.factors) == 1 and self.factors[0][1] == 1 and self.scale == 1
        return self.factors[0][0] if plain else ""


_TABLE = """
meter | meter meters metre metres m
kilometer | kilometer kilometers kilometre kilometres km kms
centimeter | centimeter centimeters centimetre centimetres cm cms
millimeter | millimeter millimeters millimetre millimetres mm
micrometer | micrometer micrometers micron microns µm
nanometer | nanometer nanometers nanometre nanometres nm
mile | mile miles mi
yard | yard yards yd yds
foot | foot feet ft '
inch | inch inches in "
nautical_mile | nautical·mile nautical·miles nmi
light_year | light·year light·years lightyear lightyears light-year light-years
astronomical_unit | astronomical·unit astronomical·units au
gram | gram grams gramme grammes g
kilogram | kilogram kilograms kilo kilos kg kgs
milligram | milligram milligrams mg
microgram | microgram micrograms µg mcg
pound | pound pounds lb lbs
ounce | ounce ounces oz
stone | stone stone stones st
metric_ton | tonne tonnes metric·ton metric·tons
ton | ton tons short·ton short·tons
long_ton | long·ton long·tons imperial·ton
carat | carat carats
liter | liter liters litre litres l
milliliter | milliliter milliliters millilitre millilitres ml
centiliter | centiliter centiliters centilitre centilitres cl
deciliter | deciliter deciliters decilitre decilitres dl
gallon | gallon gallons gal us·gallon us·gallons
imperial_gallon | imperial·gallon imperial·gallons uk·gallon uk·gallons british·gallons
quart | quart quarts qt
pint | pint pints pt us·pint us·pints
imperial_pint | imperial·pint imperial·pints uk·pint uk·pints british·pints
cup | cup cups us·cup us·cups
fluid_ounce | fluid·ounce fluid·ounces fl·oz floz us·fluid·ounces
imperial_fluid_ounce | imperial·fluid·ounce imperial·fluid·ounces
tablespoon | tablespoon tablespoons tbsp
teaspoon | teaspoon teaspoons tsp
oil_barrel | barrel·of·oil barrels·of·oil
second | second seconds sec secs s
millisecond | millisecond milliseconds ms
minute | minute minutes min mins
hour | hour hours h hr hrs
day | day days
week | week weeks
fortnight | fortnight fortnights
month | month months
year | year years yr yrs
decade | decade decades
century | century centuries
degree_Celsius | degree·Celsius degrees·Celsius celsius centigrade c °c degrees·c degrees·centigrade degree·c
degree_Fahrenheit | degree·Fahrenheit degrees·Fahrenheit fahrenheit f °f degrees·f degree·f
kelvin | kelvin kelvin kelvins k degrees·kelvin
hectare | hectare hectares ha
bit | bit bits
byte | byte bytes b
kilobyte | kilobyte kilobytes kb
megabyte | megabyte megabytes mb megs meg
gigabyte | gigabyte gigabytes gb gigs gig
terabyte | terabyte terabytes tb
petabyte | petabyte petabytes pb
kibibyte | kibibyte kibibytes kib
mebibyte | mebibyte mebibytes mib
gibibyte | gibibyte gibibytes gib
tebibyte | tebibyte tebibytes tib
kilobit | kilobit kilobits kbit
megabit | megabit megabits mbit
gigabit | gigabit gigabits gbit
joule | joule joules j
kilojoule | kilojoule kilojoules kj
megajoule | megajoule megajoules mj
calorie | gram·calorie gram·calories
kilocalorie | kilocalorie kilocalories kcal calorie calories cal
watt_hour | watt·hour watt·hours watthours wh
kilowatt_hour | kilowatt·hour kilowatt·hours kwh kilowatthours
electron_volt | electron·volt electron·volts ev
british_thermal_unit | btu btus
watt | watt watts w
kilowatt | kilowatt kilowatts kw
megawatt | megawatt megawatts mw
horsepower | horsepower horsepower hp
newton | newton newtons n
pascal | pascal pascals pa
kilopascal | kilopascal kilopascals kpa
hectopascal | hectopascal hectopascals hpa
bar | bar bars bar
millibar | millibar millibars mbar
atmosphere | atmosphere atmospheres atm
psi | psi psi pounds·per·square·inch
mmHg | millimeter·of·mercury millimeters·of·mercury mmhg
knot | knot knots kn kt
hertz | hertz hertz hz
kilohertz | kilohertz kilohertz khz
megahertz | megahertz megahertz mhz
gigahertz | gigahertz gigahertz ghz
radian | radian radians rad
degree | degree degrees deg °
turn | turn turns
volt | volt volts v
ampere | ampere amperes amp amps
ohm | ohm ohms
"""
_PER_HOUR = (("hour", -1),)
_COMPOUND: Mapping[str, Unit] = {
    "mph": Unit((("mile", 1), *_PER_HOUR), "mile per hour", "miles per hour"),
    "km/h": Unit((("kilometer", 1), *_PER_HOUR), "kilometer per hour", "kilometers per hour"),
    "mpg": Unit((("mile", 1), ("gallon", -1)), "mile per gallon", "miles per gallon", taken="I took the US gallon."),
    "furlong": Unit((("yard", 1),), "furlong", "furlongs", Fraction(220)),
    "furlongs": Unit((("yard", 1),), "furlong", "furlongs", Fraction(220)),
    "fathom": Unit((("foot", 1),), "fathom", "fathoms", Fraction(6)),
    "fathoms": Unit((("foot", 1),), "fathom", "fathoms", Fraction(6)),
    "acre": Unit((("yard", 2),), "acre", "acres", Fraction(4840)),
    "acres": Unit((("yard", 2),), "acre", "acres", Fraction(4840)),
    "l/ckm": Unit(
        (("liter", 1), ("kilometer", -1)), "liter per 100 kilometers", "liters per 100 kilometers", Fraction(1, 100)
    ),
}
_OTHER_COMPOUND = {
    "kph": "km/h",
    "kmh": "km/h",
    "kmph": "km/h",
    "kilometers an hour": "km/h",
    "kilometres an hour": "km/h",
    "miles an hour": "mph",
    "miles per gallon": "mpg",
}
TAKEN = {
    "gallon": "I took the US gallon; the imperial one is 1.2 times as much.",
    "quart": "I took the US quart; the imperial one is 1.2 times as much.",
    "pint": "I took the US pint; the imperial one is 1.2 times as much.",
    "cup": "I took the US cup of 237 ml; others are 250 ml.",
    "fluid_ounce": "I took the US fluid ounce; the imperial one is 4 % less.",
    "ton": "I took the US ton of 2,000 pounds; a metric ton is 1,000 kilograms.",
    "year": "I took a year of 365.25 days.",
    "month": "I took a twelfth of a year for a month.",
    "horsepower": "I took the mechanical horsepower of 745.7 watts.",
}
"""What is said when a name has several meanings, unless the person said which."""
_SAID_WHICH = ("us ", "short ")


def _read_table() -> dict[str, Unit]:
    units: dict[str, Unit] = dict(_COMPOUND)
    for line in _TABLE.strip().splitlines():
        name, _, called = line.partition(" | ")
        one, many, *others = (word.replace("·", " ") for word in called.split())
        for said in (one, many, *others):
            taken = "" if said.startswith(_SAID_WHICH) else TAKEN.get(name, "")
            units.setdefault(said.lower(), Unit(((name, 1),), one, many, taken=taken))
    units |= {said: units[name] for said, name in _OTHER_COMPOUND.items()}
    return units


NAMES: Mapping[str, Unit] = _read_table()
"""Units by what they are called, in lower case."""

USUAL_TARGETS: Mapping[str, str] = {
    "mile": "kilometers",
    "yard": "meters",
    "foot": "meters",
    "inch": "centimeters",
    "kilometer": "miles",
    "meter": "feet",
    "centimeter": "inches",
    "millimeter": "inches",
    "pound": "kilograms",
    "ounce": "grams",
    "stone": "kilograms",
    "kilogram": "pounds",
    "gram": "ounces",
    "gallon": "liters",
    "quart": "liters",
    "pint": "milliliters",
    "cup": "milliliters",
    "fluid_ounce": "milliliters",
    "tablespoon": "milliliters",
    "teaspoon": "milliliters",
    "liter": "gallons",
    "milliliter": "fluid ounces",
    "degree_Fahrenheit": "celsius",
    "degree_Celsius": "fahrenheit",
    "kelvin": "celsius",
    "hectare": "acres",
    "knot": "km/h",
}
"""What a unit is turned into when nobody says into what."""
SMALLER: Mapping[str, str] = {"foot": "inches", "pound": "ounces", "stone": "pounds", "hour": "minutes", "meter": "cm"}
"""What a number without a unit means behind one with: "5 feet 11"."""
MONEY = frozenset(
    (
        *(
            "dollar",
            "dollars",
            "euro",
            "euros",
            "usd",
            "eur",
            "gbp",
            "yen",
            "jpy",
            "sterling",
            "franc",
            "francs",
            "chf",
        ),
        *(
            "rupee",
            "rupees",
            "peso",
            "pesos",
            "yuan",
            "bitcoin",
            "bitcoins",
            "krona",
            "kronor",
            "cent",
            "cents",
            "pence",
        ),
        *("$", "€", "£"),
    )
)
