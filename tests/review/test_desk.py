from __future__ import annotations

from pathlib import Path

import pytest

from demur.errors import ManifestError
from demur.review.desk import folder_desk
from demur.review.items import QUEUES
from tests.review.conftest import COMPLY, EVERY, MORE, Waiting, id_of


def test_a_projects_desk_holds_what_waits(waiting: Waiting) -> None:
    desk = waiting.desk()
    assert {*desk.made} | {"rows", "second"} == {*QUEUES}
    assert {each.record_id for each in desk.items("conflicts")} == {id_of(COMPLY[0][1]), id_of(COMPLY[1][1])}
    assert [{*each.ids} for each in desk.items("pairs")] == [{id_of(MORE[0]), id_of(MORE[1])}]
    assert [each.record_id for each in desk.items("stale")] == [id_of(COMPLY[5][1])]
    assert desk.counted("suspects") is None
    suspects = desk.items("suspects")
    assert desk.counted("suspects") == len(suspects) > len(MORE)
    assert id_of(COMPLY[5][1]) in {each.record_id for each in suspects}
    assert all(desk.decides(queue) for queue in desk.made)
    assert not desk.decides("rows")
    assert not any(text in repr((desk, suspects)) for text in EVERY)


def test_findings_are_of_rows_whose_text_is_there(waiting: Waiting) -> None:
    found = waiting.desk().items("findings")
    assert [each.record_id for each in found] == [id_of(COMPLY[5][1])]
    assert found[0].why[0].startswith("DMR410 (manifest.json)")


def test_a_built_folder_has_no_decisions(waiting: Waiting, tmp_path: Path) -> None:
    desk = folder_desk(waiting.tiny.out)
    assert desk.decisions is None
    assert {*desk.made} == {"conflicts", "findings", "suspects"}
    assert desk.items("suspects")
    assert {*desk.texts} <= {id_of(text) for text in EVERY}
    with pytest.raises(ManifestError):
        folder_desk(tmp_path)
