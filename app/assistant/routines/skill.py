"""The skill of routines: makes, runs, shows and deletes them, by voice, by card and from the terminal.

A routine that only asks skills runs within its turn. One that asks the language model or runs a pipeline becomes a job:
its card is there at once, and the result is said when it is there.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.aio.tasks import TaskOwner
from app.assistant.jobs.book import JobBook, Report, Result, Work
from app.assistant.jobs.job import CANCEL, KeptJob, card_of
from app.assistant.routines.cards import SKILL, list_card, routine_card
from app.assistant.routines.choosing import NOTHING_CHOSEN, Chooser, Chosen
from app.assistant.routines.discovering import EXACT, Discovery
from app.assistant.routines.doing import Abilities
from app.assistant.routines.editing import Editor
from app.assistant.routines.parameters import discover
from app.assistant.routines.requirements import begins, requirements_of
from app.assistant.routines.routine import Routine
from app.assistant.routines.running import How, Ran, run
from app.assistant.routines.shelf import Saved, Shelf
from app.assistant.routines.timing import COLLECTION as PATHS
from app.assistant.routines.timing import KEPT_DAYS, PathTaken
from app.assistant.routines.wording import INTENTS, routine_named, saved_sentence
from app.assistant.routines.workflow import Draft, Reused, Wanted, Workflow, Writer, refused
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import (
    Acted,
    Asked,
    Clarification,
    Data,
    Fetch,
    Plan,
    Proposal,
    Skill,
    SkillSpec,
)
from app.assistant.understanding.meaning import NO_VALUES, Guess, Value, Values
from app.assistant.wording import counted
from app.contracts.cards import AnyCard
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.skill_cards import Choice, JobCard, RoutineCard
from app.memory.notebook import Clear, Put, Write

log = logging.getLogger(__name__)

CLAIM_WITHIN_S = 0.07
CLAIMED_FROM = 0.5
WISHED = 0.97
"""How surely words are a wish for a routine that say both its phrase and what it does."""
STARTED = 0.85
"""How surely words that begin like a start, and say nothing but what a saved routine is called by, start it."""
READING_TIMEOUT_S = 1.0
MAKING_TIMEOUT_S = 2.0
DAY_S = 86_400.0
_STARTS = re.compile(
    r"^(?:(?:please|ok(?:ay)?|hey|sotto|now|can you|could you|i want to|i'd like to)[, ]+)*"
    r"(?:start|begin|run|launch|do|play|execute|let's|let us|time (?:to|for)|it's time|i'm|i am|it's)\b",
    re.IGNORECASE,
)
_ANSWERS = re.compile(r"^(?:(?:i'll|i will|just|call it|let's) )?(?:say )?", re.IGNORECASE)
_QUESTION = re.compile(r"^(?:what|who|why|how|where|which|is|are|does|did|can i|should)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _After:
    """What is left to do once the cards are written: tell the skills of the steps, or begin the job."""

    ran: Ran | None = None
    job: KeptJob | None = None
    work: Work | None = None


class Routines(Skill):
    """Makes and runs routines.

    Args:
        parts: What skills are made with.
        abilities: What steps can use; asked for at use, because the skills in it include this one.
        jobs: Runs what takes long.
        writer: A model that can be held to a schema; None for rules alone.
    """

    spec = SkillSpec(SKILL, "Routines", "Makes and runs routines of several steps.", INTENTS)
    patience_s = 900.0

    def __init__(
        self,
        parts: SkillParts,
        abilities: Callable[[], Abilities],
        jobs: JobBook,
        writer: Writer | None = None,
    ) -> None:
        self._parts = parts
        self._abilities = abilities
        self._jobs = jobs
        self._tasks = TaskOwner()
        self.shelf = Shelf(parts.notebook)
        self.discovery = Discovery(self.shelf, parts.embedder)
        self.workflow = Workflow(self.shelf, self.discovery, abilities, writer)
        self.editor = Editor(self.shelf, self.workflow, abilities)
        self.chooser = Chooser(self.shelf, self.discovery, abilities)

    async def claim(self, text: str, now: datetime) -> Guess | None:  # noqa: ARG002
        """A wish for a routine that says what starts it and what it does, or a saved one that the words start."""
        wanted = requirements_of(text)
        if wanted.phrases and begins(wanted.body) and not _QUESTION.match(text.strip()):
            return Guess("make_routine", WISHED)
        try:
            found = await self.discovery.quickly(text, CLAIM_WITHIN_S)
        except SottoError as error:
            log.warning("routines are not looked at: %s", error.code)
            return None
        if not found or (found[0].how != "exact" and _QUESTION.match(text.strip())):
            return None
        score = 0.9 * found[0].score
        if found[0].how == "exact":  # the person's own words for it go before everything they mean otherwise
            score = 1.0 if found[0].score >= EXACT else found[0].score
        if found[0].whole and _STARTS.match(text.strip()):
            score = max(score, STARTED)
        return Guess("run_routine", score) if score >= CLAIMED_FROM else None

    def values(self, intent: str, text: str, now: datetime) -> Values:  # noqa: ARG002
        """The name of a routine where the words say one."""
        if intent == "make_routine":
            return NO_VALUES
        name = routine_named(text)
        return {"name": name} if name else NO_VALUES

    def fetches(self, asked: Asked) -> Sequence[Fetch]:
        """The saved routine that is meant, or what becomes of a wish for one."""
        if asked.intent == "make_routine":
            phrases = (str(asked.values["phrase"]),) if "phrase" in asked.values else ()
            body = str(asked.values.get("body", ""))
            words = f"{asked.text}: {body}" if body else asked.text
            key = ("make", words, phrases)
            return (
                Fetch(
                    "made",
                    lambda: self.workflow.take(words, asked.now, phrases=phrases, generate=False),
                    None,
                    "The routine could not be made in time.",
                    MAKING_TIMEOUT_S,
                    key=key,
                ),
            )
        about = (asked.intent, asked.text, *sorted((name, str(value)) for name, value in asked.values.items()))
        missing = "Your routines could not be read."
        return (
            Fetch("chosen", lambda: self.chooser.choose(asked), NOTHING_CHOSEN, missing, READING_TIMEOUT_S, key=about),
        )

    def clarify(self, asked: Asked, data: Data) -> Clarification | None:
        """Which routine, what starts it, what it does, what a parameter is."""
        if asked.intent == "make_routine":
            return _missing_of_wish(asked, data["made"])
        chosen = data["chosen"]
        assert isinstance(chosen, Chosen)
        if asked.intent == "show_routines":
            return None
        if chosen.saved is None:
            names = [each.routine.name for each in chosen.others[:4]]
            if not names:
                return None
            verb = "delete" if asked.intent == "delete_routine" else "run"
            choices = tuple(Choice(value=name, label=name) for name in names)
            return Clarification("name", f"Which routine shall I {verb}?", choices)
        if asked.intent == "run_routine" and chosen.mapped.missing:
            parameter = chosen.mapped.missing[0]
            about = parameter.about or parameter.name.replace("_", " ").capitalize()
            return Clarification(f"with.{parameter.name}", f"{about}?", ())
        return None

    def read_answer(self, asked: Asked, slot: str, text: str) -> Value | None:  # noqa: ARG002
        """An answer in the person's own words; a wish for another routine is none."""
        if slot in ("phrase", "body") and (other := requirements_of(text)).phrases and begins(other.body):
            return None
        if slot == "phrase":
            text = _ANSWERS.sub("", text.strip(), count=1)
        if slot.startswith("with.") and (found := discover(text)).candidates:
            first = found.candidates[0]
            return first.value if first.seconds is None else text.strip()
        return text.strip(" .!?\"'") or None

    def propose(self, asked: Asked, data: Data) -> Proposal | None:
        """What has weight is said first: deleting, replacing, and steps that would ask."""
        if asked.intent == "make_routine":
            came = data["made"]
            draft = None if came is None else getattr(came, "result", None)
            if isinstance(draft, Draft) and draft.replaces is not None and not draft.problems:
                preview = tuple(step.in_words() for step in draft.routine.steps)
                return Proposal(f"I'll replace the routine {draft.routine.name}.", preview, weighty=True)
            return None
        chosen = data["chosen"]
        assert isinstance(chosen, Chosen)
        if chosen.saved is None or asked.intent == "show_routines":
            return None
        routine = chosen.saved.routine
        if asked.intent == "delete_routine":
            preview = tuple(step.in_words() for step in routine.steps)
            return Proposal(f"I'll delete the routine {routine.name}.", preview, weighty=True)
        if chosen.weighty:
            return Proposal(f"{routine.name} does this: {' '.join(chosen.weighty)}", chosen.weighty, weighty=True)
        return None

    async def plan(self, asked: Asked, data: Data) -> Plan:
        """Work it out; a run is the one plan that may take effect before its end, see `app.assistant.routines.running`.

        Raises:
            SottoError: It cannot be done.
        """
        if asked.intent == "make_routine":
            return await self._made(data["made"])
        chosen = data["chosen"]
        assert isinstance(chosen, Chosen)
        if asked.intent == "show_routines":
            return await self._shown(chosen if "name" in asked.values else None)
        if chosen.saved is None:
            if not chosen.others:
                return Plan("There are no routines yet. Say, for instance: when I say good morning, tell me the time.")
            raise InvalidInput(f"There is no such routine; saved: {_names(chosen.others)}.", code="no-routine")
        if asked.intent == "delete_routine":
            name = chosen.saved.routine.name
            card = list_card([each.routine for each in chosen.others if each is not chosen.saved])
            removing = self.shelf.removing(chosen.saved.kept.routine_id)
            return Plan(f"The routine {name} is gone.", (card,), writes=removing)
        return await self._run(chosen, asked)

    async def written(self, plan: Plan) -> None:
        """Tell the skills of the steps, and begin the job."""
        after = plan.body
        if not isinstance(after, _After):
            return
        for outcome in () if after.ran is None else after.ran.open:
            await outcome.skill.written(outcome.plan)
        if after.job is not None and after.work is not None:
            self._jobs.begin(after.job, after.work, skill=SKILL, ended=self._announce)

    async def run_through(self, routine: Routine, values: Mapping[str, str], how: How) -> Ran:
        """Run a routine to its end and keep what it changed, outside a turn.

        Raises:
            SottoError: Its first step failed.
        """
        abilities = self._abilities()
        ran = await run(routine, values, abilities, how)
        if not how.dry:
            await abilities.keep(ran.open)
            await self._parts.notebook.commit(await self.shelf.counting(routine.routine_id))
        return ran

    async def run_as_job(self, routine: Routine, values: Mapping[str, str], how: How) -> Result:
        """The same as the work of a job."""
        ran = await self.run_through(routine, values, how)
        return Result(_said(ran), tuple(ran.cards.values()))

    async def make_whole(
        self, request: str, phrases: tuple[str, ...] = (), *, standard_input: str = "", replacing: bool = False
    ) -> Result:
        """Make a routine, with the language model where the rules are not sure, and keep it; for jobs.

        Raises:
            InvalidInput: No sound routine came of it, or it would replace another.
        """
        came = await self.workflow.take(
            request, self._now(), standard_input=standard_input, reuse=False, phrases=phrases
        )
        draft = came.result
        if not isinstance(draft, Draft):
            raise InvalidInput("It is not said what the routine should do.", code="routine-empty")
        if draft.problems:
            raise refused(draft)
        if draft.replaces is not None and not replacing:
            name = draft.routine.name
            raise InvalidInput(f"There is a routine {name} already.", code="routine-there", remedy="Delete it first.")
        card = routine_card(draft.routine, draft.kept.yaml, saved=True)
        writes = (self.shelf.saving(draft.kept), *self.timed(came.took))
        return Result(saved_sentence(draft.routine), (card,), writes)

    async def act(self, card: AnyCard, action: str, text: str) -> Acted | None:
        """Run, try, save or delete from the card; cancel a job."""
        if isinstance(card, JobCard) and action == CANCEL:
            job = await self._jobs.cancel(card.job_id)
            return Acted(cards=(replace(card_of(job, skill=SKILL), revision=card.revision + 1),), say="Cancelled.")
        if not isinstance(card, RoutineCard):
            return None
        now = self._now()
        match action:
            case "run":
                return Acted(asked=Asked("run_routine", card.name, {"name": card.routine_id}, now))
            case "delete":
                return Acted(asked=Asked("delete_routine", card.name, {"name": card.routine_id}, now))
            case "dry-run":
                return Acted(cards=(await self.editor.tried(card, text or card.yaml, now),))
            case "save":
                return await self.editor.saved(card, text or card.yaml, now)
            case _:
                return None

    async def start(self) -> None:
        """See to jobs an earlier run left, and have the phrases ready for finding."""
        await self._jobs.open()
        self._tasks.start(self._warm_up(), "vectors of routines")

    async def aclose(self) -> None:
        """End it. May be called twice."""
        await self._tasks.aclose()
        await self._jobs.aclose()
        self.shelf.aclose()

    async def _warm_up(self) -> None:
        try:
            await self.discovery.warm_up()
        except SottoError as error:
            log.warning("routines are found by words alone: %s", error.code)

    async def _made(self, came: object) -> Plan:
        result = getattr(came, "result", None)
        took = getattr(came, "took", None)
        timed = self.timed(took) if isinstance(took, PathTaken) else ()
        if isinstance(result, Reused):
            routine = result.saved.routine
            card = routine_card(routine, result.saved.kept.yaml, saved=True, values=result.mapped.values)
            return Plan(f"There is such a routine already: {routine.name}.", (card,), writes=timed)
        if not isinstance(result, Draft):
            raise InvalidInput("It is not said what the routine should do.", code="routine-empty")
        if result.wants_model:
            request, phrases = result.kept.request, result.routine.phrases

            async def work(report: Report) -> Result:
                report("Having the language model write it.", None)
                return await self.make_whole(request, phrases)

            return self._as_job(f"Make the routine {result.routine.name}", "I'll work that out and tell you.", work)
        if result.problems:
            raise refused(result)
        card = routine_card(result.routine, result.kept.yaml, saved=True)
        writes = (self.shelf.saving(result.kept), *timed)
        notes = tuple(f"Only a language model can do this step: {step}" for step in result.unsure)
        return Plan(saved_sentence(result.routine), (card,), writes=writes, notes=notes)

    async def _shown(self, one: Chosen | None) -> Plan:
        if one is not None and one.saved is not None:
            routine = one.saved.routine
            steps = "; ".join(step.in_words() for step in routine.steps)
            return Plan(f"{routine.name}: {steps}.", (routine_card(routine, one.saved.kept.yaml, saved=True),))
        saved = [each.routine for each in (await self.shelf.all()).values()]
        if not saved:
            return Plan("There are no routines yet.", (list_card([]),))
        count = counted(len(saved), "routine")
        return Plan(f"There {'is' if len(saved) == 1 else 'are'} {count}: {_named(saved)}.", (list_card(saved),))

    async def _run(self, chosen: Chosen, asked: Asked) -> Plan:
        assert chosen.saved is not None
        routine = chosen.saved.routine
        if chosen.mapped.missing:
            names = ", ".join(each.name for each in chosen.mapped.missing)
            raise InvalidInput(f"{routine.name} needs to know: {names}.", code="value-missing")
        how = How(asked.now, confirmed=asked.confirmed and bool(chosen.weighty))
        if chosen.long:

            async def work(report: Report) -> Result:
                return await self.run_as_job(routine, chosen.mapped.values, replace(how, told=report))

            return self._as_job(routine.name, f"{routine.name} is running.", work)
        ran = await run(routine, chosen.mapped.values, self._abilities(), how)
        writes = [write for outcome in ran.open for write in outcome.writes]
        counting = await self.shelf.counting(routine.routine_id)
        speech = ran.speech or f"{routine.name} is done."
        return Plan(speech, tuple(ran.cards.values()), _After(ran), (*writes, *counting), tuple(ran.notes))

    def _as_job(self, name: str, speech: str, work: Work) -> Plan:
        job = self._jobs.drafted(name, "Waiting for its turn.")
        return Plan(speech, (card_of(job, skill=SKILL),), _After(job=job, work=work), (self._jobs.writing(job),))

    def timed(self, took: PathTaken) -> tuple[Write, ...]:
        """The writes that keep what a request took."""
        old = Clear(PATHS, before=took.at - KEPT_DAYS * DAY_S)
        return (Put(PATHS, f"{took.at:.6f}", took, took.at), old)

    def _announce(self, job: KeptJob, result: Result) -> None:  # noqa: ARG002
        """Say what came of a job."""
        if job.message:
            self._parts.announce(job.message)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._parts.clock.time()).astimezone()


def _missing_of_wish(asked: Asked, came: object) -> Clarification | None:
    """What a wish leaves out: what starts it, what it does."""
    result = getattr(came, "result", None)
    if isinstance(result, Wanted):
        return Clarification("body", "What should the routine do?", ())
    said = "phrase" in asked.values
    if isinstance(result, Draft) and not said and not requirements_of(result.kept.request).phrases:
        name = result.routine.name
        choice = Choice(value=name, label=name, default=True)
        return Clarification("phrase", "What will you say to start it?", (choice,))
    return None


def _said(ran: Ran) -> str:
    return " ".join([ran.speech, *ran.notes]).strip()


def _names(saved: Sequence[Saved]) -> str:
    return _named([each.routine for each in saved])


def _named(routines: Sequence[Routine]) -> str:
    return ", ".join(routine.name for routine in routines)
