"""PostgreSQL behind the gateway: whose key it is, and a row for each request. Only with DATABASE_URL."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

SCHEMA = Path(__file__).with_name("schema.sql").read_text()
INSERT = "INSERT INTO usage (owner, request_id, model, status, duration_ms) VALUES ($1, $2, $3, $4, $5)"
logger = logging.getLogger("uvicorn.error")


class Database:
    """One per worker. Rows are written behind the requests' back, in their order."""

    def __init__(self, pool) -> None:
        self._pool = pool
        self._rows: asyncio.Queue[tuple] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    @staticmethod
    async def connect(url: str) -> "Database":
        import asyncpg  # only who has a database needs the driver

        pool = await asyncpg.create_pool(url, min_size=1, max_size=10)
        async with pool.acquire() as connection, connection.transaction():
            # workers start together, and two CREATE TABLE at once fail
            await connection.execute("SELECT pg_advisory_xact_lock(4711)")
            await connection.execute(SCHEMA)
        return Database(pool)

    async def owner(self, key: str | None) -> str | None:
        """Whose key it is."""
        return await self._pool.fetchval("SELECT owner FROM api_keys WHERE key = $1", key)

    def record(self, *row) -> None:
        """A row of `usage`, to be written soon."""
        self._rows.put_nowait(row)

    async def _write(self) -> None:
        while True:
            row = await self._rows.get()
            try:
                await self._pool.execute(INSERT, *row)
            except Exception as error:  # a row that is lost must not end the writer
                logger.error("a row of usage is lost: %s", type(error).__name__)
            finally:
                self._rows.task_done()

    async def close(self) -> None:
        """Writes what is left, for some seconds at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rows.join(), 5)
        self._writer.cancel()
        await self._pool.close()
