"""The table in DynamoDB: made if it is missing, and its calls from a pool of threads, since boto3 waits for each.

Every call is made once: boto3's own repeating would outlast our patience, and a conditional write that is repeated after
a lost reply finds its own first attempt in the way. What DynamoDB turned away unheard is asked again here.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from random import random
from typing import TYPE_CHECKING, Any, Final

from idemlint.mock.stores.protocol import PATIENCE, StoreDownError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

boto3: Any = import_module("boto3")
BotoCoreError: Any = import_module("botocore.exceptions").BotoCoreError
ClientError: Any = import_module("botocore.exceptions").ClientError
Config: Any = import_module("botocore.config").Config

THREADS: Final = 32
PARTITION: Final = "pk"
SORT: Final = "sk"
TTL: Final = "forget_at"

_MAKING: Final = 60.0
"""Seconds that AWS may take to make a table."""
_AT_ONCE: Final = 25
"""What `BatchWriteItem` takes."""
_UNHEARD: Final = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Error codes and cancellation reasons with which nothing was done, and soon could be."""


class Refused(Exception):  # noqa: N818 - an answer, no failure
    """A condition did not hold."""

    def __init__(self, items: list[int], found: dict[str, Any] | None) -> None:
        super().__init__()
        self.items = items
        """Places in the transaction of those whose condition did not hold; [0] for a single write."""
        self.found = found
        """The item that stood in the way of a single write, or of a transaction's first one."""


class Table:
    def __init__(
        self,
        name: str,
        *,
        endpoint: str | None = None,
        region: str | None = None,
        credentials: tuple[str, str] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.name = name
        self._endpoint = endpoint
        self._region = region
        self._credentials = credentials
        self._patience = patience
        self._client: Any = None
        self._threads: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="dynamodb")
        try:
            self._client = await asyncio.get_running_loop().run_in_executor(self._threads, self._connect)
            await self._make()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """The reply of boto3's `operation` on this table. `Refused` if a condition does not hold."""
        if operation not in ("transact_write_items", "batch_write_item"):
            arguments["TableName"] = self.name
        until = asyncio.get_running_loop().time() + self._patience
        while True:
            try:
                async with asyncio.timeout_at(until):
                    return await self._once(operation, arguments)
            except TimeoutError as error:
                raise StoreDownError(f"DynamoDB: no answer within {self._patience} s") from error
            except BotoCoreError as error:
                raise StoreDownError(f"DynamoDB: {error}") from error
            except ClientError as error:
                codes = _codes(error)
                failed = [at for at, code in enumerate(codes) if code.startswith("ConditionalCheckFailed")]
                if failed:
                    raise Refused(failed, _found(error)) from error
                if not _UNHEARD.intersection(codes) or asyncio.get_running_loop().time() > until:
                    raise StoreDownError(f"DynamoDB: {error}") from error
            await asyncio.sleep(0.05 * random())  # noqa: S311 - no secret

    async def pages(self, operation: str, **arguments: Any) -> AsyncIterator[dict[str, Any]]:
        """Items of all pages of a query or a scan."""
        while True:
            page = await self.call(operation, ConsistentRead=True, **arguments)
            for item in page["Items"]:
                yield item
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    async def delete(self, items: list[dict[str, Any]]) -> None:
        """Items, each given with its two key attributes at least."""
        for start in range(0, len(items), _AT_ONCE):
            requests: Any = [
                {"DeleteRequest": {"Key": {name: item[name] for name in (PARTITION, SORT)}}}
                for item in items[start : start + _AT_ONCE]
            ]
            while requests:
                reply = await self.call("batch_write_item", RequestItems={self.name: requests})
                requests = reply.get("UnprocessedItems", {}).get(self.name)

    async def _once(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._threads is None:
            raise StoreDownError("the store is closed")
        reply: dict[str, Any] = await asyncio.get_running_loop().run_in_executor(
            self._threads, partial(getattr(self._client, operation), **arguments)
        )
        return reply

    def _connect(self) -> Any:
        options: dict[str, Any] = {"region_name": self._region} if self._region else {}
        credentials = self._credentials
        if self._endpoint:
            options["endpoint_url"] = self._endpoint
            if credentials is None and not {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} & os.environ.keys():
                # What runs locally asks for some, and does not look at them.
                credentials = ("idemlint", "idemlint")
        if credentials is not None:
            options["aws_access_key_id"], options["aws_secret_access_key"] = credentials
        try:
            return boto3.Session().client(
                "dynamodb",
                config=Config(
                    connect_timeout=self._patience,
                    read_timeout=self._patience,
                    retries={"total_max_attempts": 1},
                    max_pool_connections=THREADS,
                ),
                **options,
            )
        except (BotoCoreError, ValueError) as error:
            raise StoreDownError(f"DynamoDB: {error}") from error

    async def _make(self) -> None:
        """Several workers may come here at the same time."""
        until = asyncio.get_running_loop().time() + _MAKING
        made = False
        while (table := await self._described()) is None or table["TableStatus"] != "ACTIVE":
            if asyncio.get_running_loop().time() > until:
                raise StoreDownError(f"DynamoDB: the table {self.name} is not there after {_MAKING} s")
            if table is None:
                made = await self._created() or made
            await asyncio.sleep(0.1)
        if [key["AttributeName"] for key in table["KeySchema"]] != [PARTITION, SORT]:
            raise StoreDownError(f"DynamoDB: the table {self.name} is something else's: name another one")
        if made:
            await self.call("update_time_to_live", TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL})

    async def _described(self) -> dict[str, Any] | None:
        try:
            table: dict[str, Any] = (await self.call("describe_table"))["Table"]
        except StoreDownError as error:
            if "ResourceNotFoundException" in _codes(error.__cause__):
                return None
            raise
        return table

    async def _created(self) -> bool:
        try:
            await self.call(
                "create_table",
                KeySchema=[
                    {"AttributeName": PARTITION, "KeyType": "HASH"},
                    {"AttributeName": SORT, "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[
                    {"AttributeName": PARTITION, "AttributeType": "S"},
                    {"AttributeName": SORT, "AttributeType": "B"},
                ],
                BillingMode="PAY_PER_REQUEST",
            )
        except StoreDownError as error:
            if "ResourceInUseException" in _codes(error.__cause__):
                return False
            raise
        return True


def _codes(error: BaseException | None) -> list[str]:
    """The error's code, or that of each item of a transaction."""
    response = getattr(error, "response", {})
    reasons = response.get("CancellationReasons")
    if reasons:
        return [reason.get("Code") or "None" for reason in reasons]
    return [response.get("Error", {}).get("Code", "")]


def _found(error: Any) -> dict[str, Any] | None:
    reasons = error.response.get("CancellationReasons")
    found: dict[str, Any] | None = (reasons[0] if reasons else error.response).get("Item")
    return found
