"""Files of another agency through a real gateway into a real Kafka: once, twice, killed, refused."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.home import CHECKOUT
from producers import integrations
from producers.files import sending
from producers.files.encoding import examine
from producers.files.importing import Importer, Keeper, State
from producers.files.mapping import ImportMapping
from producers.files.rows import RowReader
from producers.files.sending import GatewayClient, GatewayError
from producers.files.tables import open_table
from producers.intake import Origin
from producers.integrations import IntegrationsFromFile, Permission
from schemas.events import Channel, report_id
from tests import agency
from tests.gateway_process import NOWHERE, PARTNER, Broker, Gateway, wait_for

TODAY = datetime.now().replace(second=0, microsecond=0) - timedelta(hours=1)


class Desk:
    """A folder with a file and its mapping, and the command that imports it; its papers have a tag of their own."""

    def __init__(self, folder: Path, gateway: Gateway) -> None:
        self.folder, self.gateway = folder, gateway
        self.tag = uuid.uuid4().hex[:12]
        self.mapping = agency.write_mapping(folder / "map.yaml")

    def rows(self, count: int, last: datetime) -> list[dict[str, Any]]:
        return agency.rows(count, last, self.tag)

    def write(self, name: str, rows: Sequence[dict[str, Any]], **form: str) -> Path:
        path = self.folder / name
        path.write_bytes(agency.as_csv(rows, **form))
        return path

    def command(self, file: Path, *options: str, source: str = PARTNER.source) -> list[str]:
        given = ["--source", source, "--mapping", str(self.mapping), "--gateway", self.gateway.url]
        return [sys.executable, "-m", "deploy", "import", str(file), *given, *options]

    def environment(self, **changes: str) -> dict[str, str]:
        key = self.gateway.keys[PARTNER.source]
        home = {"SAQBOL_HOME": str(self.folder / "home"), "SAQBOL_API_KEY": key, "COLUMNS": "300"}
        return {**os.environ, **home, **changes}

    def run(self, file: Path, *options: str, code: int = 0, source: str = PARTNER.source, **changes: str) -> str:
        """Import, and what was said."""
        done = subprocess.run(
            self.command(file, *options, source=source),
            cwd=CHECKOUT,
            env=self.environment(**changes),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def published(self, broker: Broker) -> list[dict[str, Any]]:
        return [record for record in broker.records() if record["source_ref"].endswith(f"/{self.tag}")]

    def errors(self, file: Path) -> list[dict[str, str]]:
        with file.with_name(file.name + ".errors.csv").open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))


@pytest.fixture
def desk(tmp_path: Path, gateway: Gateway) -> Desk:
    return Desk(tmp_path, gateway)


def test_a_file_becomes_reports_masked_and_marked(desk: Desk, broker: Broker) -> None:
    rows = [*desk.rows(20, TODAY - timedelta(days=30)), agency.row(777, TODAY, desk.tag)]
    file = desk.write("january.csv", rows, encoding="cp1251")
    assert "21 rows were sent, 0 refused" in desk.run(file)
    assert not file.with_name("january.csv.errors.csv").exists()
    records = {record["source_ref"]: record for record in desk.published(broker)}
    assert len(records) == 21
    old, new = records[f"3/{desk.tag}"], records[f"777/{desk.tag}"]
    assert old["id"] == report_id(PARTNER.source, f"3/{desk.tag}")
    assert (old["source"], old["medium"], old["region"], old["district"]) == (
        PARTNER.source,
        "call",
        "KZ-59",
        "Мамлютский",
    )
    assert (old["outcome"], old["loss_kzt"], old["affected_group"]) == ("victim", 150_000, "elderly")
    assert [contact["value"] for contact in old["contacts"]] == ["8 705 003 45 67", "1414"]
    assert old["backfill"] is True
    assert "backfill" not in new
    written = json.dumps(records, ensure_ascii=False)
    assert "4821" not in written
    assert "01999" not in written.replace(" ", ""), "the reporters' phones"
    assert len({record["reporter"] for record in records.values()}) == 21


@pytest.mark.parametrize("kind", ["utf-8", "utf-8-sig", "utf-16", "xlsx"])
def test_every_kind_of_file_says_the_same(desk: Desk, broker: Broker, kind: str) -> None:
    rows = desk.rows(6, datetime(2026, 1, 14, 9, 0))
    file = desk.folder / "a.xlsx"
    if kind == "xlsx":
        agency.write_xlsx(file, rows)
    else:
        file = desk.write("a.csv", rows, encoding=kind)
    desk.run(file)
    records = {r["source_ref"]: r for r in desk.published(broker)}
    assert set(records) == {f"{n}/{desk.tag}" for n in range(1, 7)}
    third = records[f"3/{desk.tag}"]
    assert (third["happened_at"], third["loss_kzt"]) == ("2026-01-14T01:00:00Z", 150_000)


def test_the_same_file_twice_adds_nothing(desk: Desk, broker: Broker) -> None:
    file = desk.write("a.csv", desk.rows(30, TODAY))
    desk.run(file)
    before = desk.published(broker)
    assert "nothing to do" in desk.run(file)
    assert desk.published(broker) == before
    # on another machine, which knows nothing of the first import: every report has the id that it had
    desk.run(file, SAQBOL_HOME=str(desk.folder / "elsewhere"))
    again = desk.published(broker)
    assert len(again) == 60
    assert {record["id"] for record in again} == {record["id"] for record in before}


def test_rows_that_can_not_be_taken_are_named_beside_the_file(desk: Desk, broker: Broker) -> None:
    rows = desk.rows(600, TODAY)
    secret = "4400430123456784"
    rows[4] |= {"Статус": secret, "Ущерб, тг": "много"}
    rows[10] |= {"Фабула": "", "Телефон мошенника": ""}
    rows[550] |= {"№ обращения": "", "Дата звонка": "14.01.2090"}
    file = desk.write("a.csv", rows)
    said = desk.run(file, code=1)
    assert "597 rows were sent, 3 refused" in said
    errors = desk.errors(file)
    assert {(error["row"], error["field"]) for error in errors} == {
        *(("6", "/outcome"), ("6", "/loss_kzt"), ("12", "/text"), ("552", "/source_ref"), ("552", "/happened_at"))
    }
    assert all(error["problem"] and error["remedy"] for error in errors)
    (moment,) = [error for error in errors if error["field"] == "/happened_at"]
    assert moment["problem"].startswith("«Дата звонка», «Время» lies in the future")
    assert secret not in str(errors) + said
    assert len(desk.published(broker)) == 597


def test_a_preview_sends_nothing_and_shows_no_secret(desk: Desk, broker: Broker) -> None:
    rows = desk.rows(40, TODAY - timedelta(days=9))
    rows[7] |= {"Ущерб, тг": "много"}
    file = desk.write("a.csv", rows)
    said = desk.run(file, "--dry-run", "--gateway", NOWHERE, code=1, SAQBOL_API_KEY="")
    assert "CSV, UTF-8; 39 rows can be sent, 1 can't" in said
    assert "39 are old material" in said
    assert "/loss_kzt" in said
    assert "columns that the mapping leaves out: Отдел" in said
    assert "[one-time-code]" in said
    assert "4821" not in said
    assert "999 00 01" not in said
    assert desk.published(broker) == []
    assert not file.with_name("a.csv.errors.csv").exists()


def test_a_killed_import_goes_on_where_it_was(desk: Desk, broker: Broker) -> None:
    rows = desk.rows(3000, TODAY)
    for number in range(0, 3000, 100):
        rows[number]["Ущерб, тг"] = "много"
    file = desk.write("a.csv", rows)
    states = desk.folder / "home" / "imports"

    def begun() -> bool:
        return any(json.loads(path.read_text())["row"] > 1 for path in states.glob("*.json"))

    process = subprocess.Popen(desk.command(file), cwd=CHECKOUT, env=desk.environment(), stdout=subprocess.DEVNULL)
    wait_for(begun, 60)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    sent = len(desk.published(broker))
    assert 0 < sent < 2970
    with file.with_name("a.csv.errors.csv").open("ab") as errors:
        errors.write(b"half a li")  # as if it had been killed while it wrote
    said = desk.run(file, code=1)
    assert "going on after row" in said
    assert "2,970 rows were sent, 30 refused" in said
    records = desk.published(broker)
    assert len({record["id"] for record in records}) == 2970
    assert len(records) <= 2970 + 500, "at most one batch is sent again"
    assert [error["row"] for error in desk.errors(file)] == [str(number + 2) for number in range(0, 3000, 100)]


def test_a_forged_source_gets_nothing_in(desk: Desk, broker: Broker) -> None:
    file = desk.write("a.csv", desk.rows(3, TODAY))
    said = desk.run(file, code=2, source="mamlyut-desk")
    assert f"the key belongs to the integration {PARTNER.source}, not to mamlyut-desk" in said
    assert "answered 401" in desk.run(file, code=2, SAQBOL_API_KEY="sb_wrong")
    assert "--source" in desk.run(file, code=2, source="Mamlyut Desk")
    origin = Origin(source=f"reader-{desk.tag}", channel=Channel.FILE)
    key = integrations.add(desk.gateway.integrations, origin, [Permission.LOOK_UP])
    time.sleep(IntegrationsFromFile.LOOK_EVERY)
    assert "may not report" in desk.run(file, code=2, source=origin.source, SAQBOL_API_KEY=key)
    assert desk.published(broker) == []


def test_without_a_gateway_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "ATTEMPTS", 0)
    with pytest.raises(GatewayError, match="does not answer"):
        GatewayClient(NOWHERE, "key").check("agency")


def test_another_table_or_mapping_is_refused_before_anything_is_sent(desk: Desk) -> None:
    file = desk.folder / "a.csv"
    file.write_text("Фабула\nx\n", encoding="utf-8")
    assert "there is no column «№ обращения»" in desk.run(file, code=2)
    desk.mapping.write_text("fields: {}", encoding="utf-8")
    assert "neither text nor contacts are mapped" in desk.run(file, code=2)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=30)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stories=st.lists(texts, min_size=1, max_size=12))
def test_whatever_is_in_it_twice_is_the_same_as_once(desk: Desk, broker: Broker, stories: list[str]) -> None:
    """Without ids of its own, by the content of the rows, on machines that know nothing of each other."""
    tag = uuid.uuid4().hex
    fields = {"text": {"column": "Фабула"}, "bank": {"column": "Банк"}}
    mapping = msgspec.convert({"fields": fields}, ImportMapping)
    rows = [agency.row(n, TODAY, tag, Фабула=f"Звонили {story}", Банк=tag) for n, story in enumerate(stories)]
    file = desk.write("a.csv", rows)
    ids = []
    for machine in ("one", "two"):
        keeper = Keeper(desk.folder / tag / machine, examine(file), mapping, PARTNER.source, desk.gateway.url)
        key = desk.gateway.keys[PARTNER.source]
        reader = RowReader(mapping, key.encode(), datetime.now(UTC))
        state = State(file=file.name, source=PARTNER.source, started_at=datetime.now(UTC))
        with keeper.locked(), open_table(file, examine(file), mapping.table, reader.columns) as table:
            errors = file.with_name("errors.csv")
            client = GatewayClient(desk.gateway.url, key)
            state = Importer(table, reader, client, keeper, errors).run(state, lambda *_: None)
        assert (state.accepted, state.refused) == (len(stories), 0)
        ids.append({record["id"] for record in broker.records() if record.get("bank") == tag})
    assert ids[0] == ids[1]
    assert len(ids[0]) == len(stories)
