"""The people of the demo: who may log in, and how the urgent case is answered from the phone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from deploy.demo import people
from deploy.demo.receiver import Page
from deploy.demo.scenario import scenario
from producers.desk import staff
from producers.desk.staff import Role

NOW = datetime(2026, 1, 14, 11, 30, tzinfo=UTC)


def test_both_can_log_in_with_the_password_of_this_demo(tmp_path: Path) -> None:
    mamlyut = next(one for one in scenario().integrations if one.district)
    first = people.hire(tmp_path / "staff.yaml", mamlyut.origin())
    second = people.hire(tmp_path / "staff.yaml", mamlyut.origin())
    assert first != second
    found = {person.account: person for person in staff.read(tmp_path / "staff.yaml")}
    assert all(staff.verify(person, second) for person in found.values())
    assert Role.ONCALL in found[people.ONCALL].roles
    assert found[people.OPERATOR].district == mamlyut.district
    assert people.SOURCE not in {one.source for one in scenario().integrations}, "the desk gets a key of its own"


def test_the_link_of_an_alert_is_found_in_its_page() -> None:
    alert = "3f0c2c1e-0d5b-4a57-9a43-1b6f2f6a1d7e"
    pages = [
        Page("другая", "http://127.0.0.1:1/a/other.mac\nffffffff-1", NOW, 0.0),
        Page("эта", "Принять: http://127.0.0.1:8081/a/pay_load.ma-c\n3f0c2c1e-1 · 14.01", NOW, 1.0),
    ]
    assert people.link_in(pages, alert) == "http://127.0.0.1:8081/a/pay_load.ma-c"
    assert people.link_in(pages[:1], alert) is None
