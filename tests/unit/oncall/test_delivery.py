"""How a message gets to a service: at once, in its thread, and in the form that the service takes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deploy.home import CHECKOUT
from streams.delivery import Messenger, is_brief
from tests.receivers import Messengers

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of Apprise's plugins


def test_no_message_waits_until_all_services_are_imported() -> None:
    code = "import sys, streams.delivery as d; d.Messenger(); sys.exit('apprise.plugins.twilio' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=False).returncode == 0


async def test_mails_of_one_alert_refer_to_the_same() -> None:
    messengers, messenger = Messengers(), Messenger()
    with messengers.running():
        for title, thread in (("Волна", "461f74e0"), ("Волна", "461f74e0"), ("Сводка", None)):
            assert await messenger.deliver(messengers.mail("aigerim"), title, "Текст", thread)
        assert await messenger.deliver(messengers.http("aigerim"), "Волна", "Текст", "461f74e0")
    messenger.close()
    assert [told.thread for told in messengers.told] == ["<461f74e0@saqbol>", "<461f74e0@saqbol>", "None", ""]


@pytest.mark.parametrize(
    ("url", "brief"),
    [
        ("smsc://login:password@+77051234567", True),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", False),
        ("mailto://user:password@example.kz", False),
        ("json://127.0.0.1/", False),
        ("pigeon://loft", False),
    ],
)
def test_an_sms_is_brief(url: str, *, brief: bool) -> None:
    assert is_brief(url) is brief
