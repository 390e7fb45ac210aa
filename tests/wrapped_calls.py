"""What a client that keeps its keys has to come to, whatever language it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx
import pytest

if TYPE_CHECKING:
    from dropping_proxy import DroppingProxy

CALLS: Final = 200


def payment(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "EUR"}


def assert_one_effect_a_call(ids: list[str], mock: str, proxy: DroppingProxy) -> None:
    """`CALLS` calls had as many effects, one key each over all attempts, and answers of their own."""
    assert httpx.get(f"{mock}/_idemlint/effects").json()["operations"] == {"POST /payments": CALLS}
    assert len(ids) == len(set(ids)) == CALLS
    assert len(proxy.keys) == CALLS
    assert all(len(set(keys)) == 1 for keys in proxy.keys.values())
    assert len({keys[0] for keys in proxy.keys.values()}) == CALLS
    sent = len(proxy.fates)
    assert sent > CALLS * 1.5
    assert proxy.fates.count("dropped") / sent == pytest.approx(0.3, abs=0.02)
    assert proxy.fates.count("reset") / sent == pytest.approx(0.1, abs=0.02)
