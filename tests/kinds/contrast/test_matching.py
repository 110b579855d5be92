from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from demur.kinds.contrast.matching import Style, match

Costs = dict[tuple[str, str], float]


def brute(costs: Costs) -> tuple[int, float]:
    """How many pairs there can be, and what the cheapest choice of so many costs, by trying all."""
    one, two = (sorted({pair[side] for pair in costs}) for side in (0, 1))
    tried = []
    for chosen in permutations([*two, *[""] * len(one)], len(one)):
        pairs = [pair for pair in zip(one, chosen, strict=True) if pair[1]]
        if all(pair in costs for pair in pairs):
            tried.append((-len(pairs), round(sum(costs[pair] for pair in pairs), 5)))
    return -min(tried)[0], min(tried)[1]


@pytest.mark.parametrize("seed", range(6))
def test_the_pairs_are_as_many_and_as_cheap_as_can_be(seed: int) -> None:
    random = np.random.default_rng(seed)
    costs = {(one, two): float(random.random()) for one in "abcd" for two in "wxyz" if random.random() < 0.5}
    found = match(costs)
    assert len({one for one, _ in found}) == len({two for _, two in found}) == len(found)
    assert (len(found), round(sum(costs[pair] for pair in found), 5)) == brute(costs)


def test_nothing_hangs_on_the_order_or_on_pairs_elsewhere() -> None:
    costs: Costs = {("a", "x"): 0.1, ("a", "y"): 0.1, ("b", "x"): 0.1, ("b", "y"): 0.1}
    found = match(costs)
    assert found == match(dict(reversed(costs.items())))
    assert match({**costs, ("c", "z"): 0.9}) == [*found, ("c", "z")]
    assert match({}) == []


def test_style_is_form_and_length_and_never_what_is_asked() -> None:
    one = Style.of("How do I paint the fence?")
    assert one.fits(Style.of("How do I climb the fence?"), 2)
    assert not one.fits(Style.of("Paint the fence"), 2)
    assert not one.fits(Style.of("How do I paint the fence, the door, the gate, the roof and the wall?"), 2)
    assert one.distance(one) == 0
    assert one.distance(Style.of("How can I paint a fence?")) < one.distance(Style.of("Who painted all the gates"))
