"""Whatever strangers send, every reader answers within its time, with a value of its type. OPS-7, D17.

20 s each; ten minutes each in `make soak`.
"""

import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import strategies as st

from config.loading.load import check_site
from config.numbering import NumberKind, called, extension, mask, normalise
from crm.intake.model import Opening
from crm.parsing.apart import NotParsed, parse
from crm.parsing.child import Limits, carry_out
from crm.parsing.html_words import words_of_html
from crm.parsing.jobs import Answer, Broken, Job, MailRead, MediaFound, NameMedia, ReadMail, ReadTable, Refused
from crm.parsing.tables.model import TableRead
from tests.fakes.number_digits import invented
from tests.fuzz import seeds
from tests.fuzz.mutation import keep_at_it, mutated

pytestmark = [pytest.mark.slow, pytest.mark.req("OPS-7"), pytest.mark.timeout(900)]

MOST_S = 5.0
OWN = frozenset({"kefu@example.cn"})
SITE = Path(__file__).parents[2] / "config" / "site"


def answer_to(job: Job) -> Answer:
    """What the parsing process would send, read back as its parent reads it."""
    answer = carry_out(job)
    assert not isinstance(answer, Broken), answer.where
    sent: Answer = msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=Answer)
    assert sent == answer
    return sent


def is_a_letter(raw: bytes) -> None:
    """A mail that a ticket can hold, whose sender is an address or none."""
    read = answer_to(ReadMail(raw=raw, place="box:1", own=OWN))
    assert isinstance(read, MailRead)
    assert read.sender.count("@") == (1 if read.sender else 0) and read.sender == read.sender.strip().lower()
    assert not read.certain or read.sender
    Opening(
        received_at=msgspec.convert("2026-11-30T00:00:00Z", type=Opening.__annotations__["received_at"]),
        matter=read.matter,
        contact_name=read.name,
        email=read.answer_to,
        key=read.key,
    )
    for text in (read.subject, read.text, *(file.name for file in read.files)):
        text.encode("utf-8")


def is_a_table(raw: bytes) -> None:
    assert isinstance(answer_to(ReadTable(raw=raw)), TableRead | Refused)


def is_words(raw: bytes) -> None:
    text, whole = words_of_html(raw.decode("utf-8", "replace"))
    assert "<script" not in raw.decode("utf-8", "replace") or isinstance(text, str)
    assert isinstance(whole, bool) and len(text) <= 4 * len(raw) + 4


def is_media(raw: bytes) -> None:
    assert isinstance(answer_to(NameMedia(raw=raw)), MediaFound | Refused)


def is_a_number(raw: bytes) -> None:
    """One that is complete is the same when it is read again; no digit of it is made up; a mask is not much longer."""
    text = raw.decode("utf-8", "replace")
    number = normalise(text, "0571")
    if number.kind in (NumberKind.MOBILE, NumberKind.SERVICE):
        assert normalise(number.normalised, "0571").normalised == number.normalised
    assert not invented(text, "0571")
    assert len(mask(number.normalised)) <= len(number.normalised) + 4
    assert all(isinstance(each, str) for each in (*called(text, "0571"), extension(text)))


def test_mails(soak: bool) -> None:
    keep_at_it(is_a_letter, mutated(seeds.MAILS, seeds.MAIL_PIECES), soak, MOST_S)


def test_pages(soak: bool) -> None:
    keep_at_it(is_words, mutated(seeds.PAGES, seeds.PAGE_PIECES), soak, MOST_S)


def test_sheets(soak: bool) -> None:
    files = mutated(seeds.TABLES, seeds.TABLE_PIECES)
    inside = mutated(seeds.SHEETS, seeds.SHEET_PIECES).map(seeds.with_sheet)
    keep_at_it(is_a_table, files | inside, soak, 2 * MOST_S)


def test_archives(soak: bool) -> None:
    keep_at_it(is_media, mutated(seeds.FILES, seeds.TABLE_PIECES), soak, MOST_S)


def test_numbers(soak: bool) -> None:
    keep_at_it(is_a_number, mutated(seeds.NUMBERS, seeds.NUMBER_PIECES), soak, MOST_S)


def test_files_of_a_site(soak: bool, tmp_path: Path) -> None:
    """One of the demo site's files is changed: faults by name and place, or a site."""
    site = tmp_path / "site"
    shutil.copytree(SITE, site, ignore=shutil.ignore_patterns("prompts"))
    names = [path.name for path in sorted(site.glob("*.yaml"))]

    def is_a_site_or_its_faults(content: bytes) -> None:
        name, _, changed = content.partition(b"\n")
        file = site / name.decode()
        sound = file.read_bytes()
        try:
            file.write_bytes(changed)
            faults, found = check_site(site)
            assert (found is None) == bool([fault for fault in faults if fault.message])
        finally:
            file.write_bytes(sound)

    def of(name: str) -> st.SearchStrategy[bytes]:
        sound = (site / name).read_bytes()
        files = [sound, sound, sound + b"\n" + seeds.LAUGHS]
        return mutated(files, seeds.YAML_PIECES).map(lambda raw: name.encode() + b"\n" + raw)

    of_file = [of(name) for name in names]
    keep_at_it(is_a_site_or_its_faults, st.one_of(of_file), soak, 4 * MOST_S)


def test_the_process_itself(soak: bool) -> None:
    """What the kernel lets it have ends it, and nothing of it is lost: an answer, or NotParsed."""
    bounds = Limits(cpu_s=5, wall_s=30.0)

    def is_answered(raw: bytes) -> None:
        for job in (ReadMail(raw=raw, place="box:1", own=OWN), ReadTable(raw=raw)):
            try:
                assert isinstance(parse(job, bounds), Answer)
            except NotParsed as exc:
                assert exc.reason in ("time", "memory", "size"), (exc.reason, exc.where)

    everything = mutated([*seeds.MAILS, *seeds.TABLES], [*seeds.MAIL_PIECES, *seeds.SHEET_PIECES])
    keep_at_it(is_answered, everything, soak, MOST_S)
