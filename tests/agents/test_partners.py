"""What partners send and ask, from the gateway through the workers to the index and back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.home import CHECKOUT
from deploy.stack.local import Stack
from schemas.events import report_id
from tests import agency
from tests.agents.conftest import Workers, eventually
from tests.gateway_process import PARTNER, Gateway, gateway_running


@pytest.fixture(scope="module")
def gateway(stack: Stack, workers: Workers) -> Iterator[Gateway]:
    assert workers.home
    with gateway_running(stack.bootstrap_servers, elasticsearch=stack.elasticsearch_url) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="module")
def partner(gateway: Gateway) -> Iterator[httpx.Client]:
    with gateway.client(PARTNER.source) as client:
        yield client


def test_a_file_ends_in_the_index_and_marks_the_number_that_it_names(
    workers: Workers, gateway: Gateway, partner: httpx.Client, tmp_path: Path
) -> None:
    tag, number = uuid4().hex[:10], f"+7706{uuid4().int % 9_000_000 + 1_000_000}"
    last = datetime.now() - timedelta(days=5)
    rows = agency.rows(12, last, tag, **{"Телефон мошенника": number})
    file = tmp_path / "обращения.csv"
    file.write_bytes(agency.as_csv(rows, "cp1251"))
    mapping = agency.write_mapping(tmp_path / "map.yaml")
    environment = {
        **os.environ,
        "SAQBOL_HOME": str(tmp_path / "home"),
        "SAQBOL_API_KEY": gateway.keys[PARTNER.source],
    }
    command = ["import", str(file), "--source", PARTNER.source, "--mapping", str(mapping), "--gateway", gateway.url]
    subprocess.run([sys.executable, "-m", "deploy", *command], cwd=CHECKOUT, env=environment, check=True, timeout=60)

    found = eventually(lambda: workers.document("saqbol-reports", report_id(PARTNER.source, f"3/{tag}")))
    assert (found["numbers"], found["outcome"], found["loss_kzt"]) == ([number], "victim", 150_000)
    assert (found["region"], found["backfill"], found["masked"]) == ("KZ-59", True, ["one-time-code"])
    assert "police-prosecutor" in found["schemes"]
    assert "4821" not in found["text"]

    known = eventually(lambda: _known(partner, number, "suspected"))
    assert (known["reporters"], known["victims"]) == (12, 4)
    assert "01999" not in str(known)
    listed = eventually(lambda: [n for n in partner.get("/v1/numbers").json()["numbers"] if n["number"] == number])
    assert listed[0]["state"] == "suspected"
    looked = eventually(lambda: workers.find("saqbol-audit", subject=number, actor=PARTNER.source))
    assert {entry["action"] for entry in looked} == {"look-up"}


def _known(partner: httpx.Client, number: str, state: str) -> dict[str, object] | None:
    known: dict[str, object] = partner.get(f"/v1/numbers/{number}").json()
    return known if known["state"] == state else None


def test_a_warning_ends_in_the_index(workers: Workers, partner: httpx.Client) -> None:
    body = {"source_ref": uuid4().hex, "activity": "talk", "village": "Новомихайловка", "people": 24}
    identity = partner.post("/v1/prevention", json=body | {"topic": "medical-appointment"}).json()["id"]
    found = eventually(lambda: workers.document("saqbol-prevention", identity))
    assert (found["activity"], found["people"], found["region"], found["source"]) == (
        *("talk", 24, "KZ-59"),
        PARTNER.source,
    )
    silent = partner.post("/v1/prevention", json={"source_ref": uuid4().hex, "activity": "call", "reached": False})
    found = eventually(lambda: workers.document("saqbol-prevention", silent.json()["id"]))
    assert (found["reached"], found["people"]) == (False, 0)
