"""privacy.yaml: its defaults, the demo's own, and faults that say where and what to write. CUS-4."""

import pytest

from config.loading.load import check_site, load_site
from config.service.privacy import Privacy
from tests.unit.config.workshop import Workshop


@pytest.mark.req("CUS-4")
def test_a_site_without_the_file_removes_nobody_by_itself(workshop: Workshop) -> None:
    assert load_site(workshop.directory).privacy.customer_quiet_days == 1095
    (workshop.directory / "privacy.yaml").unlink()
    assert load_site(workshop.directory).privacy == Privacy()
    assert Privacy().customer_quiet_days is None


@pytest.mark.req("CUS-4")
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("customer_quiet_days: 7", "30"),
        ("access_log_days: 30", "180"),
        ("change_history_days: 很久", "whole number"),
        ("keep_for_ever: true", "unknown key"),
    ],
)
def test_a_limit_that_cannot_be_is_a_fault_with_its_place(workshop: Workshop, line: str, says: str) -> None:
    (workshop.directory / "privacy.yaml").write_text(f"# limits\n{line}\n", encoding="utf-8")
    faults, site = check_site(workshop.directory)
    assert site is None
    (fault,) = faults
    assert (fault.file.endswith("privacy.yaml"), fault.line) == (True, 2)
    assert says in fault.message, fault.message
