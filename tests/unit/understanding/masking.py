"""What every table of texts with secrets and traps is held to."""

from __future__ import annotations

from streams.understanding.secrets import mask


def check_masked(text: str, secrets: list[str], kept: list[str]) -> None:
    """Every secret of `text` is masked, what is harmless is kept, and masking again changes nothing."""
    masked = mask(text)
    assert [secret for secret in secrets if secret in masked.text] == []
    assert [rest for rest in kept if rest not in masked.text] == []
    assert mask(masked.text).text == masked.text
