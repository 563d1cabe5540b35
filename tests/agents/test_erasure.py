"""Erasure on the agents: a tombstone takes a report out of the index, a number, a series, a wave; a late copy too."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from deploy import cli
from deploy.erasure import Proof, is_genuine
from deploy.stack.local import Stack
from producers.reporters import ReporterHasher
from schemas.erasure import Erasure, headers_of
from schemas.events import Outcome
from schemas.topics import REPORTS
from tests.agents.conftest import Workers, eventually
from tests.agents.test_way_of_a_report import a_number, accuse


def erase(workers: Workers, report_id: str, reporter: str | None = None) -> None:
    """A tombstone as the erase command writes it, or a plain one."""
    headers = headers_of(Erasure(report_ids=[report_id], reporter=reporter)) if reporter else []
    workers.producer.send(REPORTS, key=report_id.encode(), value=None, headers=headers).get(timeout=10)


def test_one_of_many_is_forgotten_and_a_copy_that_comes_later_too(workers: Workers) -> None:
    number = a_number()
    reports = accuse(number, 4)
    workers.publish(*reports)
    eventually(lambda: (workers.document("saqbol-numbers", number) or {}).get("reporters") == 4)
    eventually(lambda: all(workers.document("saqbol-reports", report.id) for report in reports))
    gone = reports[0]
    erase(workers, gone.id, gone.reporter)
    eventually(lambda: workers.document("saqbol-reports", gone.id) is None)
    eventually(lambda: (workers.document("saqbol-numbers", number) or {}).get("reporters") == 3)
    after = accuse(number, 1)[0]
    workers.publish(gone, msgspec.structs.replace(gone, text="Другой рассказ"), after)
    eventually(lambda: workers.document("saqbol-reports", after.id))
    eventually(lambda: (workers.document("saqbol-numbers", number) or {}).get("reporters") == 4)
    assert workers.document("saqbol-reports", gone.id) is None
    assert workers.find("saqbol-rejected", report_id=gone.id) == []


def test_a_number_that_one_person_named_is_unknown_again(workers: Workers) -> None:
    number = a_number()
    (report,) = accuse(number, 1)
    workers.publish(report)
    eventually(lambda: workers.document("saqbol-numbers", number))
    erase(workers, report.id)
    eventually(lambda: workers.document("saqbol-numbers", number) is None)
    assert eventually(lambda: workers.document("saqbol-reports", report.id) is None)


def test_an_alert_forgets_the_report_and_its_words(workers: Workers) -> None:
    number = a_number()
    words = f"Особенные слова {uuid4().hex}"
    reports = accuse(number, 11, text="Звонили из банка, просили код из смс", region="KZ-33")
    told = accuse(number, 1, text=words, region="KZ-33")[0]
    workers.publish(*reports, told)
    (alert,) = eventually(lambda: workers.find("saqbol-alerts", number=number))
    eventually(lambda: any(told.id in a["report_ids"] for a in workers.find("saqbol-alerts", number=number)))
    erase(workers, told.id, told.reporter)
    eventually(lambda: all(told.id not in a["report_ids"] for a in workers.find("saqbol-alerts", number=number)))
    (left,) = workers.find("saqbol-alerts", number=number)
    assert left["id"] == alert["id"]
    assert words not in str(left)


PHONE = "8 701 000 00 77"
KEY = "ab" * 32


def saqbol(monkeypatch: pytest.MonkeyPatch, stack: Stack, folder: Path, *arguments: str, given: str = "") -> Result:
    """The command line on the stack of the tests, with what is typed in."""
    (folder / "hmac-key").write_text(KEY)
    monkeypatch.setenv("SAQBOL_HMAC_KEY_FILE", str(folder / "hmac-key"))
    monkeypatch.setenv("SAQBOL_KAFKA", stack.bootstrap_servers)
    monkeypatch.setenv("SAQBOL_ELASTICSEARCH", stack.elasticsearch_url)
    return CliRunner().invoke(cli.build(arguments[0]), list(arguments), input=given)


def test_the_command_erases_a_reporter_everywhere_and_proves_it(
    workers: Workers, stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reporter = ReporterHasher(KEY.encode()).reporter("+77010000077")
    number, others = a_number(), a_number()
    words = f"Слова этого человека {uuid4().hex}"
    crowd = accuse(number, 11, text="Звонили из банка, просили код из смс", region="KZ-33")
    own = [
        msgspec.structs.replace(report, reporter=reporter, text=words)
        for report in [*accuse(number, 1, region="KZ-33"), *accuse(others, 1)]
    ]
    urgent = msgspec.structs.replace(
        accuse(others, 1, outcome=Outcome.VICTIM, urgent=True, bank="Kaspi")[0], reporter=reporter, text=words
    )
    conflict = msgspec.structs.replace(own[0], text="Другие слова того же человека")
    workers.publish(*crowd, *own, urgent, conflict)
    eventually(lambda: all(workers.document("saqbol-reports", report.id) for report in [*crowd, *own, urgent]))
    eventually(lambda: workers.find("saqbol-rejected", report_id=own[0].id))
    eventually(lambda: workers.find("saqbol-alerts", family="urgent", report_ids=urgent.id))
    eventually(lambda: [a for a in workers.find("saqbol-alerts", number=number) if own[0].id in a["report_ids"]])
    proof = tmp_path / "proof.json"
    command = ("erase", "--reporter-phone", "--reason", "заявление 17", "--by", "aigerim", "--proof", str(proof))

    before = saqbol(monkeypatch, stack, tmp_path, *command, "--check", given=f"{PHONE}\n")
    assert before.exit_code == 1
    assert "found: 3 reports, 3 of them in the index, 1 rejections, 2 alerts" in before.output
    assert not proof.exists()

    done = saqbol(monkeypatch, stack, tmp_path, *command, given=f"{PHONE}\ny\n")
    assert done.exit_code == 0, done.output
    assert PHONE not in done.output
    paper = msgspec.json.decode(proof.read_bytes(), type=Proof)
    assert paper.report_ids == sorted(report.id for report in [*own, urgent])
    assert set(paper.left.values()) == {0}
    assert is_genuine(ReporterHasher(KEY.encode()), paper)
    assert not is_genuine(ReporterHasher(KEY.encode()), msgspec.structs.replace(paper, reason="another"))
    assert reporter not in proof.read_text()

    for alias in ("saqbol-reports", "saqbol-rejected", "saqbol-alerts"):
        for hit in workers.client.search(index=alias, query={"match_all": {}}, size=10_000)["hits"]["hits"]:
            text = json.dumps(hit["_source"], ensure_ascii=False)
            assert reporter not in text
            assert words not in text
    assert workers.document("saqbol-numbers", others) is None
    assert (workers.document("saqbol-numbers", number) or {})["reporters"] == 11
    assert eventually(lambda: workers.find("saqbol-audit", subject=paper.id))[0]["results"] == 3

    proof.unlink()
    again = saqbol(monkeypatch, stack, tmp_path, *command, given=f"{PHONE}\ny\n")
    assert again.exit_code == 0, again.output
    assert "found: 0 reports, 0 of them in the index, 0 rejections, 0 alerts; erased before: 3 reports" in again.output


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        ((), "", "either --reporter-phone or --chat"),
        (("--reporter-phone",), "телефон\n", "that is no phone number"),
    ],
)
def test_a_reporter_has_to_be_named_rightly(
    arguments: tuple[str, ...], given: str, said: str, stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = ("erase", "--reason", "заявление 17", "--by", "aigerim", *arguments)
    result = saqbol(monkeypatch, stack, tmp_path, *command, given=given)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
