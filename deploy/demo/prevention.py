"""The warnings given in the same four weeks: calls, visits, talks, leaflets and videos of the two hotlines.  Seeded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from msgspec import Struct

from deploy.demo.author import LENGTH
from deploy.demo.incidents import Chance
from deploy.demo.scenario import Integration, scenario
from schemas.events import AffectedGroup
from schemas.prevention import Activity, PreventionSubmission
from schemas.reference import districts, prevention_targets

#: What a week brings in one district: activities, from and to, and how many people each reaches, from and to.
_WEEK: Final = {
    Activity.CALL: ((12, 30), (1, 1)),
    Activity.VISIT: ((2, 6), (1, 3)),
    Activity.TALK: ((0, 1), (8, 30)),
    Activity.LEAFLET: ((0, 1), (10, 25)),
    Activity.VIDEO: ((0, 1), (10, 40)),
}
#: Share of calls that somebody answers, and of warnings about the scheme of the hour.
_ANSWERED: Final = 0.78
_ABOUT_THE_HOUR: Final = 0.35
_OF_THE_HOUR: Final = "medical-appointment"
_GROUPS: Final = {AffectedGroup.ELDERLY: 6, AffectedGroup.ADULT: 3, AffectedGroup.STUDENT: 1}


class Given(Struct, frozen=True):
    """A warning given and the integration that records it."""

    source: str
    submission: PreventionSubmission


def compose(seed: int, now: datetime, run: str) -> list[Given]:
    """The warnings that end at `now` (aware), in order of time; `run` goes into every source_ref."""
    chance = Chance(f"{seed}:prevention")
    found = [
        one
        for target in prevention_targets().values()
        if (integration := _hotline(districts()[target.district].region)) is not None
        for one in _district(chance, integration, target.district, now)
    ]
    found.sort(key=lambda one: one.submission.happened_at or now)
    for number, one in enumerate(found):
        one.submission.source_ref = f"{run}-warning-{number}"
    return found


def _hotline(region: str) -> Integration | None:
    """The hotline that warns people in a region."""
    return next((one for one in scenario().integrations if one.register == "hotline" and one.region == region), None)


def _district(chance: Chance, integration: Integration, district: str, now: datetime) -> Iterator[Given]:
    """What was done in one district: some are warned more than others."""
    random = chance.random
    effort = random.uniform(0.5, 1.3)
    for week in range(LENGTH.days // 7):
        end = now - timedelta(days=7 * week)
        for activity, (times, people) in _WEEK.items():
            for _ in range(round(random.randint(*times) * effort)):
                moment = chance.moment(end - timedelta(days=7), end)
                yield Given(integration.source, _warning(random, district, activity, people, moment))


def _warning(
    random: Random,
    district: str,
    activity: Activity,
    people: tuple[int, int],
    moment: datetime,
) -> PreventionSubmission:
    reached = activity is not Activity.CALL or random.random() < _ANSWERED
    topics = list(scenario().schemes)
    topic = _OF_THE_HOUR if random.random() < _ABOUT_THE_HOUR else random.choice([*topics, None])
    return PreventionSubmission(
        source_ref="",
        activity=activity,
        region=districts()[district].region,
        district=district,
        affected_group=random.choices(list(_GROUPS), list(_GROUPS.values()))[0],
        topic=topic,
        reached=reached,
        people=random.randint(*people) if reached else 0,
        happened_at=moment,
    )
