"""What is to be remembered is kept, told back, listed and forgotten."""

from __future__ import annotations

import re
from pathlib import Path

from app.assistant.skills.memory.facts import FACTS, Fact
from app.assistant.skills.memory.skill import MemorySkill
from app.contracts.skill_cards import ListCard
from tests.helpers.timekeeping import Desk, desk
from tests.helpers.virtual_time import in_virtual_time

TOLD = (
    "remember that my sister's name is Anna",
    "remember my name is Tom",
    "please remember I am allergic to nuts",
    "keep in mind that my car is in row seven",
)


async def remember(at: Desk, skill: MemorySkill, *texts: str) -> list[str]:
    answers = []
    for text in texts or TOLD:
        await at.clock.go_on(1)
        answers.append((await at.do(skill, "remember_fact", text)).speech)
    return answers


async def on_cards(at: Desk) -> str:
    cards = await at.notebook.cards_of("memory")
    return " ".join(item.text for card in cards if isinstance(card, ListCard) for item in card.items)


async def kept(at: Desk) -> list[str]:
    return [fact.text for fact in await at.notebook.entries(FACTS, Fact)]


@in_virtual_time
async def test_remembered_and_said_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        assert await remember(at, MemorySkill(at.parts)) == [
            "I'll remember that your sister's name is Anna.",
            "I'll remember that your name is Tom.",
            "I'll remember that you are allergic to nuts.",
            "I'll remember that your car is in row seven.",
        ]
        assert (await kept(at))[2] == "I am allergic to nuts"


@in_virtual_time
async def test_a_newer_fact_about_the_same_replaces_the_older(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = MemorySkill(at.parts)
        await remember(at, skill)
        (answer,) = await remember(at, skill, "remember that my car is on level two")
        assert answer == "I'll remember that your car is on level two. Before, your car is in row seven."
        assert (await kept(at))[-1] == "my car is on level two"
        assert len(await kept(at)) == 4


@in_virtual_time
async def test_questions_that_a_fact_answers_are_claimed(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = MemorySkill(at.parts)
        await remember(at, skill)
        for text, answer in (
            ("what is my sister's name?", "Your sister's name is Anna."),
            ("What's my name?", "Your name is Tom."),
            ("where is my car", "Your car is in row seven."),
            ("am I allergic to nuts?", "You are allergic to nuts."),
        ):
            guess = await skill.claim(text, at.now)
            assert guess is not None, text
            assert (await at.plan(skill, guess.intent, text)).speech == answer
        for text in ("what is the capital of France", "what is my brother's name", "my sister", "what time is it"):
            assert await skill.claim(text, at.now) is None, text


@in_virtual_time
async def test_told_and_listed(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = MemorySkill(at.parts)
        ask = "what do you know about me"
        assert (await at.do(skill, "recall_facts", ask)).speech == "You have not asked me to remember anything yet."
        await remember(at, skill)
        plan = await at.do(skill, "recall_facts", ask)
        assert plan.speech == (
            "You told me 4 things: your car is in row seven, you are allergic to nuts, your name is Tom. "
            "The rest is on the card."
        )
        (card,) = plan.cards
        assert isinstance(card, ListCard)
        assert card.items[0].text == "Your car is in row seven."
        about = await at.plan(skill, "recall_facts", "what do you know about my allergies")
        assert about.speech == "You are allergic to nuts."
        assert (
            await at.plan(skill, "recall_facts", "what do you know about my boat")
        ).speech == "I know nothing about your boat."


@in_virtual_time
async def test_forgotten_by_words_and_by_card(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = MemorySkill(at.parts)
        await remember(at, skill)
        one = at.asked(skill, "forget_fact", "forget that my car is in row seven")
        assert skill.propose(one, await at.data(skill, one)) is None
        assert (await at.do(skill, "forget_fact", one.text)).speech == "Forgotten: your car is in row seven."
        assert (await at.do(skill, "forget_fact", "forget about my boat")).speech == "I know nothing of the kind."
        (card,) = (await at.do(skill, "recall_facts", "what do you know about me")).cards
        assert isinstance(card, ListCard)
        await at.act(skill, card.card_id, f"remove:{card.items[0].item_id}")
        assert await kept(at) == ["my sister's name is Anna", "my name is Tom"]
        acted = await skill.act(card, "forget-all", "")
        assert acted is not None
        assert acted.asked is not None
        proposal = skill.propose(acted.asked, await at.data(skill, acted.asked))
        assert proposal is not None
        assert (proposal.sentence, proposal.weighty) == ("I'll forget everything you told me.", True)
        assert (
            await at.do(skill, "forget_fact", "forget everything you know about me")
        ).speech == "Forgotten, all 2 of them."
        assert await kept(at) == []


@in_virtual_time
async def test_what_is_forgotten_stands_on_no_card_any_more(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = MemorySkill(at.parts)
        await remember(at, skill)
        await at.do(skill, "recall_facts", "what do you know about my car")
        (whole,) = (await at.do(skill, "recall_facts", "what do you know about me")).cards
        assert isinstance(whole, ListCard)
        await at.do(skill, "forget_fact", "forget that my car is in row seven")
        assert "row seven" not in await on_cards(at)
        nuts = next(item.item_id for item in whole.items if "nuts" in item.text)
        await at.act(skill, whole.card_id, f"remove:{nuts}")
        assert "nuts" not in await on_cards(at)
        assert {"Tom", "Anna"} <= set(re.findall(r"\w+", await on_cards(at)))
        await at.do(skill, "forget_fact", "forget everything you know about me")
        assert not {"Tom", "Anna"} & set(re.findall(r"\w+", await on_cards(at)))


@in_virtual_time
async def test_what_is_missing_is_asked(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = MemorySkill(at.parts)
        asked = at.asked(skill, "remember_fact", "remember this")
        question = skill.clarify(asked, await at.data(skill, asked))
        assert question is not None
        assert skill.read_answer(asked, question.slot, "that I live in Leeds") == "that I live in Leeds"
