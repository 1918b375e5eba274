"""Nothing that anybody wrote is lost on paper: every sign has a typeface, is spelt another way, or shows its number."""

import pytest

from app.reports.layout.lettering import HAN, LATIN, Lettering

LETTERING = Lettering({ord(sign) for sign in "温度张吉平成の，"})


@pytest.mark.req("TKT-7")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("温度 26℃", [(HAN, "温度"), (LATIN, " 26°C")]),
        ("张𠮷", [(HAN, "张"), (LATIN, "[U+20BB7]")]),
        ("①⑳ ≥ ★ € Ω", [(LATIN, "①(20) ≥ ★ € Ω")]),
        ("㍻，№", [(HAN, "平成，"), (LATIN, "No")]),
        ("e\u0301\u200b\tx\x0b", [(LATIN, "é x ")]),
        ("\U0001f600\ud800", [(LATIN, "[U+1F600][U+D800]")]),
        ("", []),
    ],
)
def test_every_sign_is_printed_somehow(text: str, expected: list[tuple[str, str]]) -> None:
    assert LETTERING.runs(text) == expected
