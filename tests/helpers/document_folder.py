"""A folder of a thousand made-up documents, the same from the same seed: machines, people, recipes, places, minutes.

Every fact is invented, so no model knows it beforehand; documents of one kind have the same form and mention each
other, so a search has to tell them apart. The five kinds of file take turns.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.documents import pdf, write_docx

KINDS = ("txt", "md", "html", "pdf", "docx")
_BEGIN = ("Kor", "Tel", "Mar", "Vin", "Dro", "Sal", "Hel", "Bran", "Ul", "Fen", "Gar", "Lis", "Nor", "Pel", "Quin")
_MIDDLE = ("va", "mi", "do", "le", "sta", "ri", "bo", "ne", "ga", "lu")
_END = ("th", "nd", "ra", "lis", "k", "ven", "mo", "x", "dal", "rin")
_GIVEN = ("Tilda", "Oskar", "Wenja", "Bruno", "Ilse", "Matthes", "Rieke", "Anselm", "Jorinde", "Kaspar", "Lene", "Veit")
_MACHINES = ("loom", "winch", "kiln", "centrifuge", "printing press", "milking robot", "pump", "lathe", "conveyor")
_PARTS = ("drive belt", "intake filter", "pressure valve", "spindle bearing", "heating coil", "brake pad", "seal ring")
_SIGNS = (
    "a high whistling",
    "smell of burnt rubber",
    "a slow blinking lamp",
    "violent shaking",
    "drops under the frame",
)
_TRADES = (
    "bookbinder",
    "ferry pilot",
    "beekeeper",
    "glass blower",
    "clockmaker",
    "geologist",
    "cellist",
    "cartographer",
)
_HOBBIES = (
    "collects tram tickets",
    "breeds carrier pigeons",
    "carves chess pieces",
    "photographs lighthouses",
    "repairs accordions",
    "climbs church towers",
    "grows giant pumpkins",
    "translates old ballads",
)
_PETS = ("a one-eyed cat", "a grey parrot", "two ferrets", "an old donkey", "a lame fox", "a tortoise")
_DISHES = ("dumplings", "pie", "stew", "flatbread", "pudding", "pickles", "soup", "pancakes")
_SPICES = (
    "smoked juniper",
    "candied fennel",
    "toasted caraway",
    "dried sloe",
    "pine honey",
    "fermented garlic",
    "rose vinegar",
    "roasted chicory",
)
_FEASTS = ("lantern regatta", "goat parade", "night of the drums", "egg race", "scarecrow wedding", "fog market")
_GOODS = ("blue slate", "walnut oil", "felt hats", "bronze bells", "smoked eel", "reed furniture")
_TOPICS = ("the new roof", "the boat house", "the archive", "the summer camp", "the water tower", "the choir")
_FILLER = (
    "This page was last looked through in autumn and found to be in order.",
    "Whoever finds a mistake writes it on the sheet beside the door.",
    "Older versions of this text are kept in the cabinet on the second floor.",
    "The wording follows the house rules and has been agreed with everybody concerned.",
    "More about this can be heard on the first Tuesday of the month.",
    "Please do not copy single sentences without their context.",
)


@dataclass(frozen=True)
class Made:
    """A document with the facts that are in it, by name."""

    path: str
    kind: str
    facts: dict[str, str]
    sections: tuple[tuple[str, str], ...]
    title: str

    @property
    def text(self) -> str:
        """All its words."""
        return "\n".join([self.title, *(f"{heading}\n{body}" for heading, body in self.sections)])


def invented(count: int = 1000, seed: int = 20_26) -> list[Made]:
    """The documents without writing them."""
    dice = random.Random(seed)
    names = _names(dice, count)
    makers = (_machine, _person, _recipe, _place, _minutes)
    return [makers[at % 5](dice, names[at], names[at - 5], KINDS[(at // 5) % 5], at) for at in range(count)]


def write(made: Made, folder: Path) -> Path:
    """Write one document in its kind of file."""
    path = folder / made.path
    path.parent.mkdir(parents=True, exist_ok=True)
    match path.suffix:
        case ".txt":
            path.write_text(made.text, encoding="utf-8")
        case ".md":
            body = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in made.sections)
            path.write_text(f"# {made.title}\n\n{body}\n", encoding="utf-8")
        case ".html":
            body = "".join(
                f"<h2>{heading}</h2>" + "".join(f"<p>{line}</p>" for line in text.split("\n"))
                for heading, text in made.sections
            )
            head = f"<title>{made.title}</title><style>p {{color: red}}</style><script>var lost = 1</script>"
            path.write_text(
                f"<!doctype html><html><head>{head}</head><body><nav>Home | Contact</nav>{body}</body></html>",
                encoding="utf-8",
            )
        case ".pdf":
            pages = [_wrapped(f"{made.title}\n{heading}\n{text}") for heading, text in made.sections]
            path.write_bytes(pdf(*pages, packed=True))
        case _:
            write_docx(path, made.title, made.sections)
    return path


def _wrapped(text: str) -> str:
    """Lines that fit on a page."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            if len(line) + len(word) > 85:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        lines.append(line)
    return "\n".join(lines)


def _names(dice: random.Random, count: int) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        names[dice.choice(_BEGIN) + dice.choice(_MIDDLE) + dice.choice(_END)] = None
    return list(names)


def _filler(dice: random.Random) -> str:
    return " ".join(dice.sample(_FILLER, 3))


def _machine(dice: random.Random, name: str, other: str, kind: str, at: int) -> Made:
    what, part = dice.choice(_MACHINES), dice.choice(_PARTS)
    facts = {
        "name": f"{name} {what}",
        "weeks": str(dice.randint(3, 60)),
        "litres": f"{dice.randint(1, 30)}.{dice.randint(1, 9)}",
        "degrees": str(dice.randint(40, 300)),
        "part": part,
        "sign": dice.choice(_SIGNS),
        "code": f"{dice.choice('EFHX')}{dice.randint(100, 999)}",
    }
    sections = (
        (
            "Overview",
            (
                f"The {name} {what} stands in hall {dice.randint(1, 9)}. It took over the work of the {other} "
                f"line. {_filler(dice)}"
            ),
        ),
        (
            "Maintenance",
            (
                f"The maintenance interval is {facts['weeks']} weeks. One filling takes {facts['litres']} "
                f"litres of oil. The housing must never get hotter than {facts['degrees']} degrees."
            ),
        ),
        (
            "Faults",
            f"Fault {facts['code']} stands for a worn {part}. It announces itself by {facts['sign']}. {_filler(dice)}",
        ),
    )
    return Made(f"machines/{name.lower()}-{what.replace(' ', '-')}.{kind}", "machine", facts, sections, facts["name"])


def _person(dice: random.Random, name: str, other: str, kind: str, at: int) -> Made:
    given = dice.choice(_GIVEN)
    facts = {
        "name": f"{given} {name}",
        "year": str(dice.randint(1931, 2003)),
        "trade": dice.choice(_TRADES),
        "hobby": dice.choice(_HOBBIES),
        "pet": dice.choice(_PETS),
        "town": f"Bad {other}",
    }
    sections = (
        (
            "Life",
            (
                f"{given} {name} was born in {facts['year']} in {facts['town']} and became a {facts['trade']}. "
                f"{_filler(dice)}"
            ),
        ),
        ("Home", f"In the evening {given} {facts['hobby']}. The household is shared with {facts['pet']}."),
        ("Contact", f"Letters go to the post office of {facts['town']}, box {dice.randint(10, 999)}. {_filler(dice)}"),
    )
    return Made(f"people/{given.lower()}_{name.lower()}.{kind}", "person", facts, sections, facts["name"])


def _recipe(dice: random.Random, name: str, other: str, kind: str, at: int) -> Made:
    dish = dice.choice(_DISHES)
    facts = {
        "name": f"{name} {dish}",
        "minutes": str(dice.randint(11, 190)),
        "degrees": str(dice.randint(130, 260)),
        "spice": dice.choice(_SPICES),
        "grams": str(dice.randint(60, 900)),
    }
    sections = (
        (
            "Ingredients",
            (
                f"For {name} {dish}: {facts['grams']} grams of flour, {dice.randint(2, 9)} eggs, butter, and "
                f"{facts['spice']}, without which it is only {other} {dish}."
            ),
        ),
        (
            "Method",
            (
                f"Bake for {facts['minutes']} minutes at {facts['degrees']} degrees. Leave to stand under a cloth. "
                f"{_filler(dice)}"
            ),
        ),
        ("Remarks", _filler(dice)),
    )
    return Made(f"recipes/{name.lower()} {dish}.{kind}", "recipe", facts, sections, facts["name"])


def _place(dice: random.Random, name: str, other: str, kind: str, at: int) -> Made:
    facts = {
        "name": name,
        "people": str(dice.randint(120, 9800)),
        "year": str(dice.randint(1005, 1890)),
        "feast": dice.choice(_FEASTS),
        "goods": dice.choice(_GOODS),
        "metres": str(dice.randint(15, 2400)),
    }
    sections = (
        (
            "Situation",
            (
                f"{name} lies {facts['metres']} metres above the sea, half a day's walk from {other}. "
                f"It has {facts['people']} inhabitants."
            ),
        ),
        ("History", f"{name} was first mentioned in {facts['year']}. {_filler(dice)}"),
        ("Customs", f"Every year the {facts['feast']} is held. The village lives on {facts['goods']}. {_filler(dice)}"),
    )
    return Made(f"places/{name.lower()}.{kind}", "place", facts, sections, f"The village of {name}")


def _minutes(dice: random.Random, name: str, other: str, kind: str, at: int) -> Made:
    facts = {
        "name": f"{name} Society",
        "topic": dice.choice(_TOPICS),
        "euros": str(dice.randint(300, 98_000)),
        "chair": f"{dice.choice(_GIVEN)} {other}",
        "votes": str(dice.randint(5, 80)),
        "day": f"{dice.randint(1, 28)} {dice.choice(('March', 'May', 'June', 'October'))}",
    }
    sections = (
        ("Present", f"The {name} Society met on {facts['day']}. {facts['chair']} presided. {_filler(dice)}"),
        (
            "Decisions",
            (
                f"{facts['euros']} euros were granted for {facts['topic']}, with {facts['votes']} votes in "
                f"favour. The treasurer reports at the next meeting."
            ),
        ),
        ("Other business", _filler(dice)),
    )
    return Made(f"minutes/{at:04}-{name.lower()}.{kind}", "minutes", facts, sections, f"Minutes of the {name} Society")
