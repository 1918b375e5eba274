"""Writes the case of the national numbering plan (numbers/numbering-plan): 200 notations with right values.

The right value is put together by rule from area, subscriber and notation; nothing of the product is asked.
"""

import random
from pathlib import Path

CASE = Path(__file__).parent / "numbers" / "numbering-plan"
AREAS = {
    **dict.fromkeys(("010", "021", "022", "023", "024", "025", "027", "028", "029"), 8),
    **dict.fromkeys(("0571", "0755", "0512", "0371", "0411", "0532", "0591", "0731", "0871", "0451"), 8),
    **dict.fromkeys(("0570", "0310", "0717", "0870", "0951"), 7),
}
"""Area code → digits of a subscriber there."""
MOBILES = "130 131 133 135 138 139 145 147 150 153 158 166 171 173 178 180 185 189 191 193 195 198 199".split()
SHORT = "10000 10010 10086 12306 12315 12345 12348 12366 95533 95555 95566 95588 95599 96110".split()
FULL = str.maketrans("0123456789-() ", "０１２３４５６７８９－（）　")


def mobile(rng: random.Random) -> tuple[str, str]:
    a, b, c = rng.choice(MOBILES), f"{rng.randrange(10**4):04}", f"{rng.randrange(10**4):04}"
    forms = (
        *(f"{a}{b}{c}", f"{a} {b} {c}", f"{a}-{b}-{c}", f"+86 {a}{b}{c}", f"+86-{a}-{b}-{c}", f"0086{a}{b}{c}"),
        *(f"86{a}{b}{c}", f"0{a}{b}{c}", f"17951{a}{b}{c}", f"(+86){a}{b}{c}", f"tel:+86{a}{b}{c}", f"手机：{a}{b}{c}"),
        *(f"{a}{b}{c}".translate(FULL), f"sip:{a}{b}{c}@10.0.0.1", f"{a}·{b}·{c}", f"\u202d{a}{b}{c}\u202c"),
    )
    return rng.choice(forms), f"mobile {a}{b}{c}"


def landline(rng: random.Random) -> tuple[str, str]:
    area, digits = rng.choice(list(AREAS.items()))
    number = f"{rng.randrange(2, 9)}{rng.randrange(10 ** (digits - 1)):0{digits - 1}}"
    a, z = number[:-4], number[-4:]
    ext = f"{rng.randrange(100, 10000)}"
    plain = (
        *(f"{area}{number}", f"{area}-{number}", f"({area}){number}", f"{area} {a} {z}", f"{area}-{a}-{z}"),
        *(
            f"+86{area[1:]}{number}",
            f"+86 {area[1:]} {number}",
            f"+86 (0){area[1:]} {number}",
            f"0086-{area[1:]}-{number}",
        ),
        *(
            f"17909{area}{number}",
            f"（{area}）{number}".translate(FULL),
            f"电话 {area}-{number}",
            f"+86-{area}-{number}",
        ),
    )
    marked = (
        f"{area}-{number}转{ext}",
        f"{area}-{number} ext. {ext}",
        f"{area}{number}分机{ext}",
        f"({area}){number}#{ext}",
    )
    if rng.random() < 0.3:
        return rng.choice(marked), f"landline {area}{number} ext {ext}"
    return rng.choice(plain), f"landline {area}{number}"


def other(rng: random.Random) -> tuple[str, str]:
    if rng.random() < 0.4:
        short = rng.choice(SHORT)
        return rng.choice((short, f"+86 {short}", f"拨打{short}", short.translate(FULL))), f"short {short}"
    number = f"{rng.choice(('400', '800'))}{rng.randrange(10**7):07}"
    forms = (
        f"{number[:3]}-{number[3:6]}-{number[6:]}",
        f"{number[:4]} {number[4:7]} {number[7:]}",
        f"+86{number}",
        number,
    )
    return rng.choice(forms), f"service {number}"


def main() -> None:
    rng, rows = random.Random(20261201), dict[str, str]()
    for make in (mobile,) * 80 + (landline,) * 90 + (other,) * 30:
        before = len(rows)
        while len(rows) == before:
            written, right = make(rng)
            rows.setdefault(written, right)
    CASE.mkdir(parents=True, exist_ok=True)
    (CASE / "written.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    said = "".join(f"{_quoted(written)}: {right}\n" for written, right in rows.items())
    comment = "# The national numbering plan in the notations of people, carriers and tables; by numbering_plan.py.\n"
    (CASE / "expected.yaml").write_text(comment + said, encoding="utf-8")


def _quoted(text: str) -> str:
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in text) + '"'


if __name__ == "__main__":
    main()
