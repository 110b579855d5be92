"""Strings that look like somebody's personal data: numbers, addresses. A rule by form, which knows no names.

It reads what is written as such data is written in English; made-up data looks the same and counts as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PATTERNS = {
    "e-mail": re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b"),
    "social-security": re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"),
    "phone": re.compile(r"(?<![\w-])(?:\+?1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])"),
    "card": re.compile(r"(?<![\d-])(?:\d{4}[- ]?){3}\d{4}(?![\d-])"),
    "address": re.compile(
        r"\b\d{1,5} (?:[NSEW]\.? )?(?:[A-Z][a-z]+ ){1,3}"
        r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Terrace)\b\.?"
    ),
}
"""Kind of data -> how it is written."""


def personal(text: str) -> list[str]:
    """Kinds of personal data that a text seems to hold.

    Example:
        >>> personal("Write to ann@example.org, or call 555-010-9999."), personal("In 1984, 12 eggs on the road.")
        (['e-mail', 'phone'], [])
    """
    return [kind for kind, pattern in PATTERNS.items() if pattern.search(text)]


_MADE_UP = re.compile(
    r"@(?:[\w-]+\.)*(?:example[\w-]*|test|domain|yourdomain|mydomain|company|yourcompany|email|mail|xyz|abc|acme)\.[a-z.]+$"
    r"|\.(?:example|test|invalid|localhost|local)$|^(?:your|user|name|someone|example|test|first)[\w.+-]*@"
    r"|^[\w.+-]*(?:info|support|contact|reply|help|sales|press|admin|service|feedback)[\w.+-]*@",
    re.IGNORECASE,
)
"""Addresses that are reserved for examples or read as such, and those of an office."""

_TESTED = frozenset({
    "4111111111111111", "4242424242424242", "5555555555554444", "4012888888881881", "5105105105105100",
    "4000056655665556", "4012000033330026", "4444333322221111",
})  # fmt: skip
"""Card numbers that payment services publish for tests."""

_DOCUMENTED = frozenset({"DE89370400440532013000", "GB29NWBK60161331926819", "GB82WEST12345698765432",
                         "FR1420041010050500013M02606", "GB33BUKB20201555555555"})  # fmt: skip
_MAIL = re.compile(r"(?<![\w+])(?<!\w[.-])\w[\w.+-]{0,63}@[\w-]{1,63}(?:\.[\w-]{1,63})*\.[A-Za-z]{2,}\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_ACCOUNT = re.compile(r"[A-Z][A-Z]\d\d")
"""What a number of an account begins with, for a quick look."""
_ABROAD = re.compile(r"(?<![\w+])\+(?!1\b)[2-9]\d{0,2}[ -](?:\(\d{1,4}\)[ -]?)?\d{2,4}(?:[ -]\d{2,8}){1,4}(?![\w-])")
_CARD = re.compile(r"(?<![\d-])(?:\d{4}([- ])\d{4}\1\d{4}\1\d{4}|\d{4}([- ])\d{6}\2\d{5}|\d{15,16})(?![\d-])")
_NUMBER = re.compile(r"\d(?:[-. ()]{0,2}\d){8}")
_RUN = re.compile(r"[-\d ().+][-\d ().+]{8,}")
"""Where a number stands: no sign of it, but for the letters of a bank account, is any other."""
LIKELY = (
    r"\S@[^\s@.]+\.|[A-Z][A-Z]\d{2}|\+\d{1,3}[ -][\d(]|\d{3}(?:\) ?|[-. ])\d{3}[-. ]\d{4}|\d{3}-\d{2}-\d{4}"
    r"|\d{4}[- ]\d{4}[- ]\d{4}[- ]\d{4}|\d{4}[- ]\d{6}[- ]\d{5}|\d{15}|[^\P{Nd}\d]"
)
"""What every text with `identifying` data holds, in RE2's syntax, for a first look at many texts: an address, a number,
or a digit of another script."""
_PAID = re.compile(r"\b(?:card|credit|debit|visa|amex|mastercard|cvv)\b", re.IGNORECASE)


def identifying(text: str) -> list[str]:
    """Kinds of personal data in a text that may be somebody's: checked by their digits, without what is made up.

    Numbers of exchange 555 (and of London's 7946 0) and addresses of example.com are nobody's; so are card numbers
    that do not pass their sum.

    Example:
        >>> identifying("Ann is at ann.lee@lakes.org, and her card is 4539 1488 0343 6467.")
        ['e-mail address', 'card number']
        >>> identifying("Write to ann@example.com, call 212-555-0142, or pay with 4111 1111 1111 1111.")
        []
    """
    found = []
    if "@" in text and any(not _MADE_UP.search(mail.group()) for mail in _mails(text)):
        found.append("e-mail address")
    if not _NUMBER.search(text):
        return found
    runs = [(run.start(), run.end() + 1) for run in _RUN.finditer(text)]  # with what stands behind it, for its end

    def written(pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        for run in runs:
            yield from pattern.finditer(text, *run)

    phones = [*filter(_is_phone, written(PATTERNS["phone"])), *filter(_is_abroad, written(_ABROAD))]
    if any(not _OFFICE.search(text, max(0, each.start() - _NEAR), each.end() + _AFTER) for each in phones):
        found.append("phone number")
    cards = [number.group() for number in written(_CARD)]
    if any(_is_card(re.sub(r"\D", "", each)) and (not each.isdigit() or _PAID.search(text)) for each in cards):
        found.append("card number")
    if _ACCOUNT.search(text) and any(_is_iban(each.group().replace(" ", "")) for each in _IBAN.finditer(text)):
        found.append("IBAN")
    if any(_is_social(number.group()) for number in written(PATTERNS["social-security"])):
        found.append("social security number")
    return found


def _mails(text: str) -> Iterator[re.Match[str]]:
    """E-mail addresses, which hold no blank."""
    for word in text.split():
        if "@" in word:
            yield from _MAIL.finditer(word)


_FREE = ("800", "822", "833", "844", "855", "866", "877", "888", "900")
"""Area codes of offices and hotlines."""


_OFFICE = re.compile(
    r"\b(?:hot|help|life)lines?\b|\b(?:main|press) office\b|\btoll[- ]free\b"
    r"|\b(?:agency|department|embassy|hospital)\b",
    re.IGNORECASE,
)
_NEAR, _AFTER = 60, 20  # characters around a number in which an office is named


def _is_phone(match: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", match.group())[-10:]
    free = digits[:3] in _FREE or digits[3:6] == "555" or digits[3:] == "1234567"
    return not free and not _stepped(digits)


def _is_abroad(match: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", match.group())
    return (
        9 <= len(digits) <= 15
        and not digits.startswith("442079460")
        and not any(run in digits for run in ("123456", "000000", "111111", "555555"))
    )


def _stepped(digits: str) -> bool:
    """Whether digits only count up, or are all but one the same: nobody's number."""
    return digits in "01234567890123456789" or len({*digits}) < 3


def _is_card(digits: str) -> bool:
    doubled = [int(each) * (1 + place % 2) for place, each in enumerate(reversed(digits))]
    return (
        digits[0] in "3456"
        and sum(each - 9 * (each > 9) for each in doubled) % 10 == 0
        and digits not in _TESTED
        and len({*digits}) > 3
    )


def _is_iban(number: str) -> bool:
    """Whether the check digits fit (ISO 13616), and it is no published example."""
    turned = "".join(str(int(sign, 36)) for sign in number[4:] + number[:4])
    return int(turned) % 97 == 1 and number not in _DOCUMENTED


def _is_social(number: str) -> bool:
    area, group, serial = number.split("-")
    given = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return given and number not in ("123-45-6789", "078-05-1120", "219-09-9999", "987-65-4321", "111-11-1111")
