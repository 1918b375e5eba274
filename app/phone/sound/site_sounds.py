"""A site's prompts as things a caller can recognise, and the pace of its ringing. Adapter: it reads files."""

import logging
from dataclasses import dataclass
from pathlib import Path

from app.phone.sound.heard import Template, templates
from app.phone.sound.wav import read_prompts
from config.loading.load import SiteFaults, load_site

logger = logging.getLogger(__name__)

RING_PERIOD_S = 5.0  # 1 s on, 4 s off


@dataclass(frozen=True)
class SiteSounds:
    """All prompts, those among them that menus speak, and the ring period; empty if the site cannot be read."""

    prompts: tuple[Template, ...] = ()
    menus: tuple[Template, ...] = ()
    ring_period_s: float = RING_PERIOD_S

    @classmethod
    def read(cls, directory: Path) -> "SiteSounds":
        """The sounds of the site in `directory`; a site that is broken by now still leaves the telephone working."""
        try:
            known = templates(read_prompts(directory / "prompts" / "zh"))
            site = load_site(directory)
        except (SiteFaults, OSError, ValueError) as exc:
            logger.warning("The site cannot be read: %s", exc, extra={"action": "caller_no_site"})
            return cls()
        spoken = {prompt for menu in site.menus for prompt in menu.play}
        return cls(known, tuple(template for template in known if template.prompt in spoken), site.ring_period_s)
