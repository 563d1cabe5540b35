"""How long it takes to understand a report of about 300 characters, by part.

Run: python -m tests.benchmarks.understanding

Every text has numbers of its own, so that no cache answers.  Each report is measured in several versions that differ in
their digits only, and the fastest counts: what one core needs, however busy the machine is.  Printed is the median over
reports.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from streams.understanding.language import detect
from streams.understanding.numbers import find_contacts
from streams.understanding.place import find_place
from streams.understanding.secrets import mask

REPORTS = 300
VERSIONS = 9
LENGTH = 300

_SENTENCES = (
    "Здравствуйте, вчера в {time} мне позвонили с номера {phone}, представились сотрудником банка.",
    "Сказали, что на меня оформляют кредит на {sum} тенге, и попросили продиктовать код из смс.",
    "Потом пришло СМС от 1414, код {code}, и снова перезвонили, уже с {phone}.",
    "Я живу в Костанае, никакого кредита не брала, карту никому не давала.",
    "Прошу принять меры и сообщить, что мне теперь делать и куда обратиться.",
    "Менің атым Гүлнар, Мамлют ауданында тұрамын, кеше {phone} нөмірінен қоңырау шалды.",
    "Өзін прокурормын деп таныстырып, қауіпсіз шотқа {sum} теңге аудар деді.",
    "Кодым {code} деп айтып қойдым, сосын қызым келіп, телефонды алып тастады.",
    "Маган белгисиз адам ватсаптан жазды, ссылкага кир деди, картадан акша кетип калды.",
    "На сайте kaspi-bonus{code}.top просили ввести данные карты, деньги списались сразу.",
)


def reports(version: int) -> list[str]:
    """Texts of about `LENGTH` characters, put together at random; versions differ in their digits only."""
    told, digits = random.Random(1), random.Random(version + 2)
    made = []
    for _ in range(REPORTS):
        text = ""
        while len(text) < LENGTH - 40:
            phone = f"{digits.randrange(1000):03} {digits.randrange(10, 99)} 0{version % 10}"
            values = {
                "time": f"{digits.randrange(24)}:{digits.randrange(60):02}",
                "phone": f"+7 70{digits.choice('01258')} {phone}",
                "sum": f"{digits.randrange(10, 999)} 000",
                "code": f"{digits.randrange(1001, 9999)}",
            }
            text += told.choice(_SENTENCES).format(**values) + " "
        made.append(text.strip())
    return made


def fastest(understand: Callable[[str], object], prepare: Callable[[str], str] = str) -> list[float]:
    """Microseconds of processor time for each report; `prepare` is not measured."""
    best = [float("inf")] * REPORTS
    for version in range(VERSIONS):
        for index, text in enumerate([prepare(text) for text in reports(version)]):
            started = time.process_time_ns()
            understand(text)
            best[index] = min(best[index], (time.process_time_ns() - started) / 1000)
    return best


def median(understand: Callable[[str], object], prepare: Callable[[str], str] = str) -> float:
    """Microseconds of processor time per report."""
    return statistics.median(fastest(understand, prepare))


def together(text: str) -> None:
    """What enrichment does with a text, as far as it is measured here."""
    masked = mask(text).text
    detect(masked)
    find_place(masked, contacts=find_contacts(masked))


def main() -> None:
    """Measure each part, and all together: on raw texts, and on masked ones, as enrichment gets them."""
    parts: dict[str, float] = {
        "secrets": median(mask),
        "numbers": median(find_contacts),
        "language": median(detect),
        "place": median(find_place),
        "all four, raw text": median(together),
        "all four, text masked before": median(together, lambda text: mask(text).text),
    }
    table = Table(title=f"Understanding a report of about {LENGTH} characters, one core")
    table.add_column("part")
    table.add_column("median, µs", justify="right")
    for name, taken in parts.items():
        table.add_row(name, f"{taken:.0f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
