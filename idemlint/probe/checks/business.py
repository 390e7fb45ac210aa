"""A refusal that depends on the state of a resource, and the same request once the state was mended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from idemlint.openapi.operations import operations
from idemlint.probe.exchange import Call
from idemlint.probe.reading import fill, id_in, path_names

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.exchange import Exchange

_MARK = "business"


async def provoke_business_error(bench: Bench) -> tuple[Exchange, Exchange] | str:
    """The refusal and the answer to the same request under the same key afterwards; or why there is none.

    What every document with an item offers is the state "it is not there": the operation on an item that does not exist
    yet, which PUT then makes. Else a 4xx that the mock gives when it is asked for one.
    """
    if bench.mock:
        key = bench.key()
        call = bench.call("refused for its state", key=key, more=(("Prefer", "code=402"),), refusal_expected=True)
        refused = await bench.send_call(call)
        if refused.status is None or not 400 <= refused.status < 500:
            return f"the mock gave {refused.said} in the place of a 402"
        mended = await bench.send("the state was mended", key=key, refusal_expected=True)
        return refused, mended
    names = path_names(bench.operation.template)
    puts = [
        each for each in operations(bench.references) if each.method == "put" and path_names(each.template) == names
    ]
    stem = bench.operation.template
    put = next((each for each in puts if stem == each.template or stem.startswith(each.template + "/")), None)
    if not names or put is None or bench.maker is None:
        return "no refusal that depends on state could be provoked"
    made = await bench.maker.make(put)
    if made.sample is None:
        return "the resource that has to be there could not be made"
    missing = {**bench.sample.arguments, names[-1]: bench.uuid()}
    sample = replace(bench.sample, arguments=missing)
    key = bench.key()
    refused = await bench.send("on what is not there", key=key, sample=sample, refusal_expected=True)
    if refused.status not in (404, 409, 412, 422):
        return f"an operation on what is not there got {refused.said}"
    url = bench.base_url + fill(put.template, missing)
    body = made.sample.encode(made.sample.value)
    headers = (("Content-Type", made.sample.media_type or "application/json"),)
    done = await bench.client.send(Call(f"{_MARK}: make it", "PUT", url, headers, body, refusal_expected=True))
    if not done.ok or id_in(done.json) is None:
        return f"it could not be made: {done.said}"
    return refused, await bench.send("now it is there", key=key, sample=sample)
