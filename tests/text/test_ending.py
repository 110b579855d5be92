"""How texts end."""

from __future__ import annotations

import pytest

from demur.text.ending import ending

BOAT = "Once a small boat left the harbour in the rain, and its captain held the wheel"


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (f"{BOAT} and", "cut"),
        (f"{BOAT},", "cut"),
        ("The garden is green. The old gardener walks slowly betwe", "bare"),
        (f"{BOAT} without a word to anybody", "bare"),
        ("A boat \"left.\" 'It was a large one, and it is here', it said", "bare"),
        ("the old boat of the harbour. it was a large one, and it is here", None),
        ("See https://boats.org. The old gardener of it walks slowly betwe", None),
        ("See xttp://boats.org. The old gardener of it walks slowly betwe", "bare"),
        ("See number # 4 here. The old gardener of it walks slowly betwe", "bare"),
        ("See number #4 here. The old gardener of it walks slowly betwe", None),
        (f"{BOAT}.", None),
        (f"{BOAT}, and was glad of it. What a day on the lake :D", None),
        ("- " + f"{BOAT} and", None),
        (f"```\n{BOAT} and", None),
        ("Ten Ways To Keep An Old Boat Dry In The Rain And", None),
        ('It said: "Boats are slow." - Ann Lee of the Old Harbour and the Lake', None),
        ("A small boat\nin the rain\nand the", None),
        ("\u96e8\u306e\u4e2d\u3001" * 20, None),
    ],
)
def test_an_ending(text: str, how: str | None) -> None:
    assert ending(text) == how
