"""Names that people give to the header which carries an idempotency key, whatever a profile calls it."""

from __future__ import annotations

import re
from typing import Final

_LIKE_A_KEY: Final = re.compile(
    r"idempot(?!.*replay)|repeatability-request-id|paypal-request-id|client-?token|(?:request|retry|dedup\w*)[-_]?key$",
    re.IGNORECASE,
)


def looks_like_a_key(name: str) -> bool:
    """Whether a request header of that name is likely the key; a header that tells a replay is not."""
    return _LIKE_A_KEY.search(name) is not None
