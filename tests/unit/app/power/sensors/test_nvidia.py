"""NVIDIA's cards, asked through a library that a test owns; and the real library on a machine without its driver."""

from __future__ import annotations

import threading

import pytest

from app.power.sensors import nvidia as module
from app.power.sensors.graphics_card import CardLook
from app.power.sensors.nvidia import NvidiaCards
from tests.helpers.fake_nvml import Card, FakeNvml
from tests.helpers.virtual_time import Seconds

PCI, OTHER = "0000:01:00.0", "0000:41:00.0"


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def nvml() -> FakeNvml:
    return FakeNvml({PCI: Card(), OTHER: Card(name=b"NVIDIA RTX 6000")})


@pytest.fixture
def cards(nvml: FakeNvml, clock: Seconds) -> NvidiaCards:
    return NvidiaCards(lambda: nvml, clock)


def looked(cards: NvidiaCards, *, keep_open: bool = True) -> CardLook:
    look = cards.look(PCI, keep_open=keep_open)
    assert look is not None
    return look


def test_a_look_has_every_figure_in_its_unit(cards: NvidiaCards) -> None:
    assert looked(cards) == CardLook(
        name="NVIDIA GeForce RTX 4060 Laptop GPU",
        watts=34.5,
        joules=0.0,
        temperature_c=61.0,
        slows_at_c=87.0,
        busy=0.4,
        memory_bytes=2 * 1024**3,
        frequency_mhz=1890.0,
        throttled=False,
    )
    assert cards.why_not(PCI) == ""


def test_no_other_card_is_touched(cards: NvidiaCards, nvml: FakeNvml) -> None:
    looked(cards)
    assert [call for call in nvml.calls if call.startswith("handle")] == [f"handle {PCI}"]


@pytest.mark.parametrize(
    "missing", ["name", "milliwatts", "millijoules", "celsius", "slowdown", "percent", "used", "clock", "reasons"]
)
def test_what_a_card_does_not_support_costs_that_figure_alone(cards: NvidiaCards, nvml: FakeNvml, missing: str) -> None:
    whole = looked(cards)
    setattr(nvml.cards[PCI], missing, None)
    rest = looked(cards)
    changed = {key for key in CardLook.__slots__ if getattr(rest, key) != getattr(whole, key)}
    assert changed == {
        {
            "milliwatts": "watts",
            "celsius": "temperature_c",
            "slowdown": "slows_at_c",
            "percent": "busy",
            "used": "memory_bytes",
            "clock": "frequency_mhz",
            "reasons": "throttled",
        }.get(missing, missing)
    } - {"millijoules"}


def test_a_card_that_supports_nothing_is_still_there(cards: NvidiaCards, nvml: FakeNvml) -> None:
    nvml.cards[PCI] = Card(**dict.fromkeys(Card.__dataclass_fields__))
    assert looked(cards) == CardLook()
    assert cards.joules(PCI) is None


def test_newer_cards_tell_their_margin_instead_of_the_threshold(cards: NvidiaCards, nvml: FakeNvml) -> None:
    nvml.cards[PCI].slowdown, nvml.cards[PCI].margin = None, 22
    assert looked(cards).slows_at_c == 83.0


@pytest.mark.parametrize(
    ("bits", "throttled", "reasons"),
    [
        (0x1 | 0x2 | 0x10 | 0x100, False, ()),
        (0x4, False, ("software power cap",)),
        (0x8, False, ("hardware slowdown",)),
        (0x20, True, ("software thermal slowdown",)),
        (0x8 | 0x40, True, ("hardware slowdown", "hardware thermal slowdown")),
        (0x80, True, ("hardware power brake",)),
    ],
)
def test_throttling_is_heat_or_the_power_brake(
    cards: NvidiaCards, nvml: FakeNvml, bits: int, throttled: bool, reasons: tuple[str, ...]
) -> None:
    nvml.cards[PCI].reasons = bits
    look = looked(cards)
    assert (look.throttled, look.reasons) == (throttled, reasons)


def test_the_library_is_closed_after_a_look_unless_it_may_stay_open(cards: NvidiaCards, nvml: FakeNvml) -> None:
    looked(cards, keep_open=False)
    assert not nvml.is_open
    looked(cards)
    looked(cards)
    assert nvml.is_open
    assert nvml.calls.count("init") == 2
    looked(cards, keep_open=False)
    assert not nvml.is_open
    looked(cards)
    cards.close()
    cards.close()
    assert not nvml.is_open
    assert nvml.calls.count("shutdown") == 3


def test_joules_are_those_of_the_drivers_counter(cards: NvidiaCards, nvml: FakeNvml, clock: Seconds) -> None:
    looked(cards)
    clock.now += 1.0
    nvml.cards[PCI].millijoules = 1_060_250
    assert looked(cards).joules == pytest.approx(60.25)
    nvml.cards[PCI].millijoules = 40_000  # the driver was loaded anew, and has counted since
    clock.now += 1.0
    assert looked(cards).joules == pytest.approx(100.25)


def test_what_a_card_took_while_nobody_looked_is_not_work_of_now(
    cards: NvidiaCards, nvml: FakeNvml, clock: Seconds
) -> None:
    looked(cards)
    clock.now += 30.0
    told = cards.joules(PCI)
    nvml.cards[PCI].millijoules = 1_300_000
    assert looked(cards).joules == told
    clock.now += 1.0
    nvml.cards[PCI].millijoules = 1_350_000
    assert looked(cards).joules == pytest.approx(told + 50.0)


def test_sums_go_on_after_the_library_was_let_go(cards: NvidiaCards, nvml: FakeNvml, clock: Seconds) -> None:
    looked(cards)
    clock.now += 1.0
    nvml.cards[PCI].millijoules = 1_040_000
    before = looked(cards).joules
    cards.close()
    clock.now += 1.0
    nvml.cards[PCI].millijoules = 1_070_000
    assert (before, looked(cards).joules) == (pytest.approx(40.0), pytest.approx(70.0))


def test_an_idle_card_that_is_left_alone_goes_on_as_it_was(cards: NvidiaCards, nvml: FakeNvml, clock: Seconds) -> None:
    nvml.cards[PCI].milliwatts = 10_000
    looked(cards, keep_open=False)
    clock.now += 30.0
    assert cards.joules(PCI) == pytest.approx(300.0)
    clock.now += 300.0
    assert cards.joules(PCI) == pytest.approx(350.0)


def test_joules_between_looks_follow_the_watts_and_ask_nothing(
    cards: NvidiaCards, nvml: FakeNvml, clock: Seconds
) -> None:
    assert cards.joules(PCI) is None
    looked(cards)
    calls = list(nvml.calls)
    clock.now += 0.5
    assert cards.joules(PCI) == pytest.approx(17.25)
    clock.now += 100.0
    assert cards.joules(PCI) == pytest.approx(34.5 * module.GAP_S), "a card nobody looks at is not guessed for ever"
    assert nvml.calls == calls
    nvml.cards[PCI].millijoules = 1_050_000
    assert looked(cards).joules == pytest.approx(103.5), "it never goes back"
    clock.now += 1.0
    nvml.cards[PCI].millijoules = 1_100_000
    assert looked(cards).joules == pytest.approx(153.5)


def test_without_a_counter_the_watts_are_integrated(cards: NvidiaCards, nvml: FakeNvml, clock: Seconds) -> None:
    card = nvml.cards[PCI]
    card.millijoules, card.milliwatts = None, 10_000
    assert looked(cards).joules == 0.0
    for watts, expected in ((10, 10.0), (30, 30.0), (30, 60.0)):
        clock.now += 1.0
        card.milliwatts = watts * 1000
        assert looked(cards).joules == pytest.approx(expected)
    clock.now += 600.0
    assert looked(cards).joules == pytest.approx(60.0), "nobody knows what it did for ten minutes"


def test_cards_are_counted_apart(cards: NvidiaCards, nvml: FakeNvml, clock: Seconds) -> None:
    looked(cards)
    cards.look(OTHER, keep_open=True)
    clock.now += 1.0
    nvml.cards[OTHER].millijoules = 1_007_000
    nvml.cards[OTHER].milliwatts = 0
    cards.look(OTHER, keep_open=True)
    assert cards.joules(OTHER) == pytest.approx(7.0)
    assert cards.joules(PCI) == pytest.approx(34.5)


def test_no_driver_is_one_sentence_and_is_not_asked_for_all_the_time(
    cards: NvidiaCards, nvml: FakeNvml, clock: Seconds
) -> None:
    nvml.driver = False
    for _ in range(20):
        assert cards.look(PCI, keep_open=True) is None
        clock.now += 1.0
    assert cards.why_not(PCI) == "NVIDIA's driver does not answer: NVML Shared Library Not Found."
    assert nvml.calls == ["init"]
    nvml.driver = True
    clock.now += module.RETRY_S
    assert cards.look(PCI, keep_open=True) is not None
    assert cards.why_not(PCI) == ""


def test_a_card_the_driver_does_not_know_lets_the_library_go(cards: NvidiaCards, nvml: FakeNvml) -> None:
    assert cards.look("0000:99:00.0", keep_open=True) is None
    assert cards.why_not("0000:99:00.0") == "NVIDIA's driver does not give this card: Not Found."
    assert cards.joules("0000:99:00.0") is None
    assert not nvml.is_open


def test_a_library_that_is_not_installed() -> None:
    def missing() -> None:
        raise ModuleNotFoundError("No module named 'pynvml'")

    cards = NvidiaCards(missing)
    assert cards.look(PCI, keep_open=True) is None
    assert "nvidia-ml-py is missing" in cards.why_not(PCI)
    cards.close()


def test_a_driver_that_hangs_holds_nobody(cards: NvidiaCards, nvml: FakeNvml, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.01)
    looked(cards)
    gate, inside = threading.Event(), threading.Event()

    def hang(_pci: str) -> Card:
        inside.set()
        gate.wait()
        return nvml.cards[PCI]

    monkeypatch.setattr(nvml, "nvmlDeviceGetHandleByPciBusId", hang)
    try:
        for _ in range(3):
            assert cards.look(PCI, keep_open=True) is None
        assert inside.is_set()
        assert cards.why_not(PCI) == "NVIDIA's driver has not answered the last question yet."
        assert cards.joules(PCI) is not None
        cards.close()
        assert nvml.is_open
    finally:
        gate.set()
    assert cards._asking is not None
    assert cards._asking.result(10) is not None
    monkeypatch.undo()
    looked(cards)
    assert nvml.calls.count("init") == 2, "it was let go when it answered at last"
    cards.close()


def test_the_real_library_gives_a_figure_or_a_sentence() -> None:
    cards = NvidiaCards()
    look = cards.look(PCI, keep_open=False)
    assert (look is None) == bool(cards.why_not(PCI))
    if look is None:
        assert cards.why_not(PCI).startswith("NVIDIA's driver does not")
        assert cards.why_not(PCI).endswith(".")
    cards.close()
