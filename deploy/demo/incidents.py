"""Drawing what happens: when, where, to whom, under which scheme, from which number."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Final

from deploy.demo.grammar import Person, phrases
from deploy.demo.numbers import NumberBook
from deploy.demo.scenario import Integration, Plot, places, scenario
from deploy.demo.telling import Incident
from schemas.events import AffectedGroup, Language, Medium, Outcome
from schemas.local_time import ZONE

#: Reports are made of people around, this often; else of the reporter.
_RELATIVES: Final = 0.3
#: Of calls whose number was withheld, and of incidents whose number nobody noted.
_HIDDEN: Final = 0.05
_NOT_NOTED: Final = 0.12
_SENDER: Final = 0.35


class Chance:
    """Draws the story's facts from one seeded source of randomness."""

    def __init__(self, seed: str, numbers: NumberBook | None = None) -> None:
        self.random = Random(seed)  # noqa: S311 - a story, not a secret
        self.numbers = numbers or NumberBook(self.random)

    def moment(self, start: datetime, end: datetime) -> datetime:
        """A moment between two, by the rhythm of hours and weekdays."""
        most = max(scenario().hours) * max(scenario().weekdays)
        while True:
            moment = start + (end - start) * self.random.random()
            local = moment.astimezone(ZONE)
            if self.random.random() * most < scenario().hours[local.hour] * scenario().weekdays[local.weekday()]:
                return moment

    def integration(self) -> Integration:
        """An integration by its share."""
        integrations = scenario().integrations
        return self.random.choices(integrations, [one.share for one in integrations])[0]

    def region(self, integration: Integration) -> str:
        """The integration's own region, or any by its population."""
        if integration.region:
            return integration.region
        weights = {code: place.weight for code, place in places().items()}
        return self.random.choices(list(weights), list(weights.values()))[0]

    def scheme(self) -> str:
        """A scheme by its share."""
        schemes = scenario().schemes
        return self.random.choices(list(schemes), [plot.share for plot in schemes.values()])[0]

    def languages(self, region: str, integration: Integration) -> tuple[Language, Language]:
        """The language of a report and that of its quotes."""
        language = Language.KK if self.random.random() < places()[region].kazakh else Language.RU
        if integration.register == "chat" and self.random.random() < scenario().mixed_language:
            return language, Language.RU if language is Language.KK else Language.KK
        return language, language

    def person(self, language: Language, integration: Integration, *, mostly_elderly: bool = False) -> Person:
        """To whom it happened, as the reporter calls them."""
        people = phrases(language).people
        if integration.register != "chat":
            return self.random.choice(people["stranger"])
        if self.random.random() < (0.6 if mostly_elderly else _RELATIVES):
            chosen = people["relative"]
            if mostly_elderly:
                chosen = [one for one in chosen if AffectedGroup.ELDERLY in one.groups]
            return self.random.choice(chosen)
        return self.random.choice(people["self"])

    def reporter(self, integration: Integration) -> str | None:
        """A new reporter's phone or chat id, or None for an anonymous one."""
        if self.random.random() < integration.anonymous:
            return None
        if integration.source == "telegram-bot":
            return f"chat-{self.random.randrange(10**9):09d}"
        return self.numbers.mobile()

    def medium(self, plot: Plot, integration: Integration) -> Medium:
        """How the person was reached; officials who write for others only know calls and messages."""
        medium = self.random.choices(list(plot.media), list(plot.media.values()))[0]
        if medium is Medium.WEB and integration.register != "chat":
            return Medium.WHATSAPP
        return medium

    def outcome(self) -> Outcome:
        """What became of it, by the scenario's shares."""
        draw = self.random.random()
        if draw < scenario().victims:
            return Outcome.VICTIM
        return Outcome.UNKNOWN if draw < scenario().victims + scenario().outcome_unknown else Outcome.ATTEMPT

    def loss(self, plot: Plot) -> int:
        """A victim's loss in tenge, skewed to the smaller ones."""
        low, high = plot.loss
        loss = low + (high - low) * float(self.random.random() ** 2.5)
        return max(5_000, round(loss / 5_000) * 5_000)

    def incident(
        self,
        happened_at: datetime,
        *,
        integration: Integration | None = None,
        scheme: str | None = None,
        number: str | None = None,
    ) -> Incident:
        """An ordinary incident; what is not given is drawn, the number too (it may stay unknown)."""
        integration = integration or self.integration()
        scheme = scheme or self.scheme()
        plot = scenario().schemes[scheme]
        region = self.region(integration)
        language, quoted = self.languages(region, integration)
        medium = self.medium(plot, integration)
        if quoted is not language and medium is Medium.WEB:
            quoted = language
        person = self.person(language, integration)
        if medium is Medium.WEB:
            person = phrases(language).people["self"][0]
        hidden = number is None and medium is Medium.CALL and self.random.random() < _HIDDEN
        if number is None and not hidden:
            number = self._appearance(medium)
        outcome = self.outcome()
        return Incident(
            source=integration.source,
            scheme=scheme,
            medium=medium,
            language=language,
            quoted=quoted,
            region=region,
            town=self.random.choice(places()[region].towns),
            happened_at=happened_at,
            outcome=outcome,
            group=self.random.choice(person.groups),
            person=person,
            reporter=self.reporter(integration),
            number=number,
            hidden=hidden,
            loss_kzt=self.loss(plot) if outcome is Outcome.VICTIM else None,
        )

    def _appearance(self, medium: Medium) -> str | None:
        """The number that a fraudster shows: a fresh one, an SMS sender, or one that nobody noted."""
        if medium is Medium.SMS and self.random.random() < _SENDER:
            return self.random.choice(scenario().senders)
        if medium is not Medium.WEB and self.random.random() < _NOT_NOTED:
            return None
        return self.numbers.number()

    def apart(self, count: int, start: datetime, end: datetime, gap: timedelta) -> list[datetime]:
        """Moments by the rhythm, each at least `gap` from the next, in order; `gap` must leave room for them."""
        while True:
            moments = sorted(self.moment(start, end) for _ in range(count))
            if all(later - earlier >= gap for earlier, later in pairwise(moments)):
                return moments
