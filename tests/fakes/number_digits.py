"""Whether digits were written or made up: the rule that every reading of a telephone number is held to."""

import unicodedata

from config.numbering import Number, NumberFault, Withheld, read_number


def invented(raw: str, area_code: str) -> str:
    """The first number of what `raw` is read as that has a digit nobody wrote; "" for none. The site's area code and
    the trunk 0 before an area are its own to add."""
    written = "".join(c for c in unicodedata.normalize("NFKC", raw) if c in "0123456789")
    match read_number(raw, area_code):
        case Number() as number:
            said: tuple[str, ...] = (number.normalised, number.extension)
        case NumberFault(proposals=proposals):
            said = proposals
        case Withheld():
            said = ()
    return next((each for each in said if not _is_written(each.lstrip("+"), written, area_code)), "")


def _is_written(digits: str, written: str, area_code: str) -> bool:
    return any(_in_order(each, written) for each in (digits, digits.removeprefix(area_code), digits.removeprefix("0")))


def _in_order(digits: str, written: str) -> bool:
    left = iter(written)
    return all(any(each == digit for each in left) for digit in (c for c in digits if c.isdigit()))
