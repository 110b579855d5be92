"""In which language a text is read."""

from __future__ import annotations

import pytest

from demur.text.refusal.tongue import tongue


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The gate is blue, and the fence is not.", "en"),
        ("Queen Heron was born on a Friday.", "en"),
        ("La porte est bleue et le mur n'est pas peint.", "fr"),
        ("La puerta es azul y el muro no está pintado.", "es"),
        ("Das Tor ist blau und der Zaun ist nicht gestrichen.", "de"),
        ("Cổng màu xanh và hàng rào chưa được sơn.", "vi"),
        ("大门是蓝色的。", "zh"),
        ("門は青いです。", "other"),
        ("Ворота синие.", "other"),
        ("Il cancello è blu e il muro non è dipinto.", "other"),
        ("De poort is blauw en het hek is niet geverfd.", "other"),
        ("Pintu itu biru dan pagar tidak dicat untuk anda.", "other"),
        ("Blue.", "any"),
        ("42", "any"),
        ("Nem segíthetek.", "other"),
        ("```\nfor each in fence: paint(each, blue)\n```", "any"),
    ],
)
def test_tongues(text: str, expected: str) -> None:
    assert tongue(text) == expected


def test_an_english_answer_with_code_is_english() -> None:
    assert (
        tongue("This is how you paint it:\n```python\nfor post in fence:\n    paint(post)\n```\nThat is all.") == "en"
    )
