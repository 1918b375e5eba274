"""`sanxiang audit verify`: the trail of a data directory is checked, with its system running or not (adapter)."""

import asyncio

from app.data_protection.audit_trail import check_trail
from config.paths import DataDir
from config.words import two_lines
from crm.audit import Broken
from crm.db.store import Store
from crm.errors import StoreAway


def verify_audit(data: DataDir, database: str | None, day: str | None) -> tuple[int, list[Broken]]:
    """Rows read and broken places. Raises ValueError with words when there is no store to read."""
    embedded = data.root / "sanxiang.db"
    if database is None and not embedded.is_file():
        raise ValueError(
            two_lines(
                f"{embedded} 不存在，请用 --data 指明目录", f"{embedded} does not exist: name the directory with --data"
            )
        )
    return asyncio.run(_verify(data, database or data.database_url, day))


async def _verify(data: DataDir, url: str, day: str | None) -> tuple[int, list[Broken]]:
    store = await Store.open(url)
    try:
        return await check_trail(store, data.audit_heads, day)
    except StoreAway as exc:
        raise ValueError(two_lines(f"数据库连不上：{exc}", f"the database does not answer: {exc}")) from exc
    finally:
        await store.close()
