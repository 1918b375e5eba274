"""Pictures of what the tests saw, for whoever wants to look: SANXIANG_PICTURES names the folder, unset means none."""

import os
from pathlib import Path

from playwright.async_api import Page

PICTURES = os.environ.get("SANXIANG_PICTURES")


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
