"""A site is read by everybody and changed by nobody: held around everything that tests run on one."""

from collections.abc import Iterator
from contextlib import contextmanager

from config.schema import Site


@contextmanager
def as_it_was_loaded(site: Site) -> Iterator[None]:
    """Raises AssertionError when anything of the site, however deep, is another at the end than at the beginning."""
    before = site.model_dump()
    yield
    after = site.model_dump()
    changed = sorted(name for name in before if before[name] != after[name])
    assert not changed, f"the frozen site was changed: {', '.join(changed)}"
