"""What is wrong with a submission: one `FieldProblem` for each wrong field, in words that name the remedy.

No message ever repeats a value that was sent: a wrong field may hold the very secret that must not reach a log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct


class FieldProblem(Struct, frozen=True, kw_only=True):
    """One wrong field: where (JSON Pointer, RFC 6901; "" is the whole body), what is wrong, and what to do."""

    field: str
    problem: str
    remedy: str


class SubmissionError(ValueError):
    """A submission that can't be taken; `problems` holds every wrong field, never a value."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.field or 'the body'} {p.problem}: {p.remedy}" for p in problems))


class MalformedError(SubmissionError):
    """Bytes that are not JSON in UTF-8."""

    def __init__(self, where: str = "") -> None:
        super().__init__(
            [FieldProblem(field=where, problem="is not JSON in UTF-8", remedy="send one complete JSON object")]
        )


class InvalidError(SubmissionError):
    """JSON that breaks the contract; `rest` is what it says beside its wrong fields, if that makes sense alone."""

    def __init__(self, problems: Iterable[FieldProblem], rest: Struct | None = None) -> None:
        super().__init__(tuple(problems))
        self.rest = rest
