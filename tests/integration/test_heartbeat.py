"""When nothing of ours works, the fallback way is told; when one of its services is dead, the other is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from deploy.home import CHECKOUT
from tests.gateway_process import free_port
from tests.processes import wait_until
from tests.receivers import Messengers


def test_the_fallback_way_is_told_what_is_broken_once(tmp_path: Path) -> None:
    messengers = Messengers()
    messengers.dead = {"dead"}
    nobody = f"127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        "SAQBOL_GATEWAY_URL": f"http://{nobody}",
        "SAQBOL_KAFKA": nobody,
        "SAQBOL_HEARTBEAT_KEY": "sb_test",
        "SAQBOL_HEARTBEAT_URLS": f"{messengers.http('dead')} {messengers.mail('watch')}",
        "SAQBOL_HEARTBEAT_MINUTES": "0.01",
    }
    with messengers.running(), (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "producers.heartbeat"], cwd=CHECKOUT, env=environment, stdout=log, stderr=log
        )
        try:
            wait_until(lambda: (tmp_path / "log").read_text().count("heartbeat gateway") >= 2, 60)
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(20)
    assert code == 0
    assert [told.way for told in messengers.told] == ["watch"], "once, though it stays broken"
    assert messengers.told[0].title.startswith("SaqBol: оповещения не доходят")
    assert "Шлюз не принял" in messengers.told[0].body
