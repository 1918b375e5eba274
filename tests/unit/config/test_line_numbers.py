"""A line is found by its number in whatever notation a trunk calls it; a stranger's number finds none. LNE-1."""

import pytest

from config.schema import Line, Site
from tests.fakes.small_site import small_site

pytestmark = pytest.mark.req("LNE-1")

SERVICE, LANDLINE, ELSEWHERE, SHORT, INSIDE = "4008100003", "057188886666", "02162345678", "12345", "8600"


@pytest.fixture(scope="module")
def site() -> Site:
    """In Hangzhou (0571)."""
    site = small_site()
    (first,) = site.lines
    lines = tuple(first.model_copy(update={"dnis": dnis}) for dnis in (SERVICE, LANDLINE, ELSEWHERE, SHORT, INSIDE))
    return site.model_copy(update={"lines": lines})


def number_of(line: Line | None) -> str | None:
    return line.dnis if line else None


@pytest.mark.parametrize(
    ("dialled", "line"),
    [
        ("4008100003", SERVICE),
        ("+864008100003", SERVICE),
        ("00864008100003", SERVICE),
        ("864008100003", SERVICE),
        ("tel:+864008100003", SERVICE),
        ("tel:+86-400-810-0003", SERVICE),
        ("tel:4008100003;phone-context=+86", SERVICE),
        ("+864008100003;phone-context=ims.zj.example", SERVICE),
        ("sip:+864008100003@ims.zj.example;user=phone", SERVICE),
        ("sip:4008100003;phone-context=+86571@10.0.0.1:5060;user=phone", SERVICE),
        ("400-810-0003", SERVICE),
        ("400 810 0003", SERVICE),
        ("05714008100003", SERVICE),
        ("+865714008100003", SERVICE),
        ("057188886666", LANDLINE),
        ("88886666", LANDLINE),
        ("57188886666", LANDLINE),
        ("(0571) 8888-6666", LANDLINE),
        ("+86 571 8888 6666", LANDLINE),
        ("+86057188886666", LANDLINE),
        ("008657188886666", LANDLINE),
        ("8657188886666", LANDLINE),
        ("+862162345678", ELSEWHERE),
        ("2162345678", ELSEWHERE),
        ("12345", SHORT),
        ("057112345", SHORT),
        ("+8657112345", SHORT),
        ("8657112345", SHORT),
        ("+8612345", SHORT),
        ("8600", INSIDE),
        ("", None),
        ("anonymous", None),
        ("4008100004", None),
        ("+14008100003", None),
        ("02188886666", None),
        ("02112345", None),
        ("0571", None),
        ("86", None),
    ],
)
def test_a_line_in_any_notation(site: Site, dialled: str, line: str | None) -> None:
    assert number_of(site.line_for(dialled)) == line


@pytest.mark.parametrize("area_code", ["010", "0571"])
@pytest.mark.parametrize("dnis", ["4008100003", "+864008100003", "12345", "8600", "10086", "95588", "*86"])
def test_a_line_is_found_by_what_the_site_wrote(area_code: str, dnis: str) -> None:
    site = small_site()
    line = site.lines[0].model_copy(update={"dnis": dnis})
    assert site.model_copy(update={"area_code": area_code, "lines": (line,)}).line_for(dnis) is line
