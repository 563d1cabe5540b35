"""Reports of the past, replayed through the functions of the stream: CSV in, candidates out, in time order."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

import msgspec

from schemas.events import Channel, ContactKind, EnrichedReport, FoundContact, Report, Signal, Tag
from schemas.reference import official_numbers
from streams.signals import signals_of
from streams.waves.calendar import number_of
from streams.waves.rules import Detector
from streams.waves.scan import Candidate, observe
from streams.waves.series import (
    DAY,
    HOUR,
    Head,
    Series,
    day_of,
    expired,
    family_of,
    moment,
    reporters_in,
    sketch_size,
    start_of,
)

REQUIRED: Final = ("observed_at", "number", "reporter")
OPTIONAL: Final = ("scheme", "region")
#: First bytes of a gzipped file.
GZIP: Final = b"\x1f\x8b"
#: Name of the channel that a file stands for.
SOURCE: Final = "history"


_series: Final = msgspec.msgpack.Decoder(Series)
_head: Final = msgspec.msgpack.Decoder(Head)
_encoder: Final = msgspec.msgpack.Encoder()


class HistoryError(ValueError):
    """A file of reports can't be read; the message names file, line, what is wrong and the remedy."""


class Row(NamedTuple):
    """One report: `at` in epoch seconds, of a day without a time its last second."""

    at: int
    number: str
    reporter: str
    scheme: str
    region: str


class Batch(NamedTuple):
    """What was received in one hour, or on one day when the history tells days only, and when that ended."""

    now: int
    rows: list[Row]


class History:
    """Rows of CSV files, gzipped or not, read one after the other, the one that begins first at first."""

    def __init__(self, paths: Sequence[Path], progress: Callable[[int], None] = lambda _: None) -> None:
        """`progress` is told the bytes read so far.  Raises HistoryError when a file is no such CSV."""
        self._progress = progress
        begin = {path: self._begin(path) for path in paths}
        self._paths = sorted(begin, key=lambda path: begin[path])
        #: Whether the history tells days only.
        self.daily = len(begin[self._paths[0]]) == len("2020-02-14")

    def _begin(self, path: Path) -> str:
        first = next(self._fields(path), None)
        if first is None:
            raise HistoryError(f"{path}: no reports in it")
        return first[1][0]

    def batches(self) -> Iterator[Batch]:
        """All reports, by the hour (or the day) in which they were received; an older one came late."""
        rows: list[Row] = []
        length = DAY if self.daily else HOUR
        bucket: int | None = None
        for path in self._paths:
            for line, (observed, number, reporter, scheme, region) in self._fields(path):
                at = self._time(observed, path, line)
                mine = day_of(at) if self.daily else at // HOUR
                if bucket is None or mine > bucket:
                    if rows and bucket is not None:
                        yield Batch(self._end(bucket, length), rows)
                    bucket, rows = mine, []
                rows.append(Row(at, number, reporter, scheme, region))
        if rows and bucket is not None:
            yield Batch(self._end(bucket, length), rows)

    def _end(self, bucket: int, length: int) -> int:
        return (start_of(bucket) if self.daily else bucket * HOUR) + length - 1

    def _time(self, observed: str, path: Path, line: int) -> int:
        try:
            if self.daily:
                return start_of(number_of(date.fromisoformat(observed)) + 1) - 1
            when = datetime.fromisoformat(observed)
            if when.tzinfo is None:
                raise ValueError("it has no time zone")
            return int(when.timestamp())
        except ValueError as error:
            wanted = "a date such as 2026-01-14" if self.daily else "a time such as 2026-01-14T09:30:00+05:00"
            raise HistoryError(f"{path}:{line}: observed_at {observed!r} is not {wanted} ({error})") from None

    def _fields(self, path: Path) -> Iterator[tuple[int, list[str]]]:
        """(line, [observed_at, number, reporter, scheme, region]) of each row."""
        try:
            with path.open("rb") as raw:
                # By its first bytes, as names are not always true.
                stream = gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == GZIP else raw
                reader = csv.reader(io.TextIOWrapper(cast(IO[bytes], stream), encoding="utf-8-sig", newline=""))
                header = next(reader, [])
                missing = [name for name in REQUIRED if name not in header]
                if missing:
                    raise HistoryError(
                        f"{path}:1: no column {missing[0]}; the header must be {','.join(REQUIRED)}"
                        f"[,{','.join(OPTIONAL)}], separated by commas"
                    )
                places = [header.index(name) if name in header else -1 for name in (*REQUIRED, *OPTIONAL)]
                for row in filter(None, reader):
                    if len(row) != len(header):
                        raise HistoryError(
                            f"{path}:{reader.line_num}: {len(row)} fields where the header has {len(header)}"
                        )
                    if reader.line_num % 10_000 == 0:
                        self._progress(raw.tell())
                    yield reader.line_num, [row[place] if place >= 0 else "" for place in places]
                self._progress(raw.tell())
        except OSError as error:
            raise HistoryError(f"{path}: {error.strerror or error}") from None
        except (UnicodeDecodeError, csv.Error, EOFError) as error:
            raise HistoryError(f"{path}: not CSV in UTF-8: {error}") from None


class Replay:
    """All series of a history, as one worker that owns every key would hold them."""

    def __init__(self, detector: Detector, states: Mapping[str, bytes] | None = None) -> None:
        """`detector` says what is worth a candidate; `states` are those of another replay, to go on from there."""
        self.detector = detector
        #: Reports by hour of the day; distinct reporters by local day of each series that is no number's.
        self.hours: Counter[int] = Counter()
        self.daily_counts: dict[str, dict[int, float]] = defaultdict(dict)
        # There are too many numbers to keep their series as they are; the others are few and often met.
        known = states or {}
        self._numbers = {key: state for key, state in known.items() if family_of(key) == "number"}
        self._others = {key: _series.decode(state) for key, state in known.items() if key not in self._numbers}
        self._swept = 0

    @property
    def states(self) -> dict[str, bytes]:
        """The encoded state of each series."""
        return self._numbers | {key: _encoder.encode(series) for key, series in self._others.items()}

    def feed(self, batch: Batch) -> list[Candidate]:
        """The candidates of one batch, in time order."""
        by_key: dict[str, list[Signal]] = {}
        clock = 0
        for row in batch.rows:
            clock = max(clock, row.at)
            self.hours[(row.at // HOUR + 5) % 24] += 1
            for signal in _signals(row, clock):
                by_key.setdefault(signal.key, []).append(signal)
        candidates: list[Candidate] = []
        for key, signals in by_key.items():
            family = family_of(key)
            if family == "number":
                state = self._numbers.get(key)
                series, found = observe(_series.decode(state) if state else None, signals, self.detector)
                self._numbers[key] = _encoder.encode(series)
            else:
                series, found = observe(self._others.get(key), signals, self.detector)
                self._others[key] = series
            candidates += found
            if family not in ("number", "channel"):
                today = day_of(clock)
                self.daily_counts[key][today] = reporters_in(series.days[today], sketch_size(key))
        self._sweep(batch.now)
        return sorted(candidates, key=lambda candidate: candidate.at)

    def _sweep(self, now: int) -> None:
        """Forget expired series, once a week of the history."""
        if now < self._swept + 7 * DAY:
            return
        self._swept = now
        for key in [key for key, state in self._numbers.items() if expired(_head.decode(state), now)]:
            del self._numbers[key]
        for key in [key for key, series in self._others.items() if expired(series, now)]:
            del self._others[key]


def _signals(row: Row, received: int) -> list[Signal]:
    """What a row says, as `signals_of` has it for a report."""
    happened_at = _moment(row.at)
    number = row.number if row.number in official_numbers() else row.number and _ANY_NUMBER
    return [
        Signal(
            key=signal.key.replace(_ANY_NUMBER, row.number),
            # The same number, reporter and time is the same report.
            report_id=f"{row.number}|{row.reporter}|{row.at}",
            reporter=row.reporter or signal.reporter,
            anonymous=not row.reporter,
            happened_at=happened_at,
            received_at=_moment(received),
            source=SOURCE,
            channel=Channel.FILE,
            medium=signal.medium,
            stance=signal.stance,
            outcome=signal.outcome,
            region=signal.region,
            schemes=signal.schemes,
        )
        for signal in _model(number, row.scheme, row.region, None if row.reporter else row.at)
    ]


_moment: Final = lru_cache(maxsize=1024)(moment)
#: Stands for any number that is not official; no CSV has it.
_ANY_NUMBER: Final = "\0"


@lru_cache(maxsize=100_000)
def _model(number: str, scheme: str, region: str, anonymous: int | None) -> list[Signal]:
    """Signals of a report about these; `anonymous`: when an anonymous one was made, as that tells its reporter.

    Only the number, the time and who reported differ from row to row.
    """
    report = Report(
        id="",
        source=SOURCE,
        source_ref="",
        channel=Channel.FILE,
        received_at=_moment(anonymous or 0),
        happened_at=_moment(anonymous or 0),
    )
    enriched = EnrichedReport(
        report=report,
        region=region or None,
        contacts=[FoundContact(raw="", kind=ContactKind.E164, value=number)],
        schemes=[Tag(code=scheme, confidence=1.0, evidence=[])] if scheme else [],
    )
    return signals_of(enriched)


def size_of(paths: Iterable[Path]) -> int:
    """Bytes of all files, what `progress` counts up to.  Raises HistoryError."""
    try:
        return sum(path.stat().st_size for path in paths)
    except OSError as error:
        raise HistoryError(f"{error.filename}: {error.strerror}") from None
