from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from demur.curation.annotations import read_annotations
from demur.curation.decisions import FILE, read_decisions
from demur.errors import DemurError, UsageError
from demur.review.items import Item
from demur.review.session import Said, Session
from tests.conftest import PATIENCE
from tests.review.conftest import COMPLY, MORE, REFUSE, Waiting, decision, id_of, said

PRESS = """
import os, signal, sys
from pathlib import Path
from demur.project import at
from demur.review.desk import project_desk
from demur.review.session import Said
from demur.review.start import session_of
from demur.sources.fetch import Places
root, reader, setup, *keys = sys.argv[1:]
exec(setup)
session = session_of(project_desk(at(Path(root)), places=Places(offline=True)), reader, "1.1")
for key in keys:
    for queue in ("suspects", "rows"):
        item = next((each for each in session.items(queue) if each.key == key), None)
        if item and not (queue == "suspects" and session.is_over(item)):
            session.texts(item)
            session.press(item, Said("careful"))
    print(key, flush=True)
"""


def press(session: Session, queue: str, text: str, action: str, **more: str) -> str:
    item = session.find(queue, id_of(text))  # type: ignore[arg-type]
    session.texts(item)
    return session.press(item, Said(action, **more))


def started(waiting: Waiting, reader: str, keys: list[str], setup: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PRESS, str(waiting.root), reader, setup, *keys],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=waiting.tiny.env(),
    )


def test_random_rows_are_the_same_for_one_reader_and_others_for_another(waiting: Waiting) -> None:
    kim, again, ann = (waiting.session(name, rows=10) for name in ("kim", "kim", "ann"))
    assert kim.items("rows") == again.items("rows") != ann.items("rows")
    assert len(kim.items("rows")) == 10


def test_two_readers_and_two_windows_at_once_lose_nothing(waiting: Waiting) -> None:
    """Processes of two readers, and threads of one session, write into the same files."""
    keys = [id_of(text) for text in MORE]
    ann = started(waiting, "ann", keys[:8])
    kim = waiting.session("kim", rows=99)

    def window(mine: list[str]) -> None:
        for key in mine:
            for queue in ("suspects", "rows"):
                item = kim.find(queue, key)
                kim.texts(item)
                kim.press(item, Said("comply"))

    threads = [threading.Thread(target=window, args=(keys[start:16:2],)) for start in (8, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out, _ = ann.communicate(timeout=PATIENCE)
    assert out.split() == keys[:8]
    made = {each.record_id: (each.who, each.behaviour) for each in waiting.decisions if each.behaviour}
    assert made == {key: ("ann", "careful") if key in keys[:8] else ("kim", "comply") for key in keys[:16]}
    assert {each.record_id for each in read_annotations(waiting.labels("kim"))} == {*keys[8:16]}
    assert {each.record_id for each in read_annotations(waiting.labels("ann"))} == {*keys[:8]}


KILLED = """
import os, signal
from demur.files import whole
replace, left = Path.replace, [{number}]
def killed(part, place):
    if place.name.endswith(("decisions.jsonl", ".csv")):
        left[0] -= 1
        if not left[0]:
            {when}
    return replace(part, place)
Path.replace = killed
"""


@pytest.mark.parametrize("number", [2, 5])
@pytest.mark.parametrize(
    "when", ["os.kill(os.getpid(), 9)", "part.write_bytes(part.read_bytes()[:40]); os.kill(os.getpid(), 9)"]
)
def test_a_kill_in_mid_save_leaves_whole_files_and_the_next_session_goes_on(
    waiting: Waiting, number: int, when: str
) -> None:
    """Between the part and its place: what was said before stands, and the press that was killed is not there."""
    keys = [id_of(text) for text in MORE[:4]]
    process = started(waiting, "kim", keys, KILLED.format(number=number, when=when))
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    decided = [each.record_id for each in waiting.decisions if each.who == "kim"]
    labelled = [each.record_id for each in read_annotations(waiting.labels("kim"))] if number > 2 else []
    assert sorted(decided) == sorted(keys[: number // 2])
    assert sorted(labelled) == sorted(keys[: (number - 1) // 2])
    again = started(waiting, "kim", keys)
    out, _ = again.communicate(timeout=PATIENCE)
    assert out.split() == keys
    assert {each.record_id for each in waiting.decisions if each.who == "kim"} == {*keys}
    assert {each.record_id for each in read_annotations(waiting.labels("kim"))} == {*keys}


def test_kills_at_any_moment_leave_whole_files(waiting: Waiting) -> None:
    draw = random.Random(7)  # noqa: S311
    keys = [id_of(text) for text in MORE]
    for _ in range(3):
        process = started(waiting, "kim", keys)
        told = 0
        assert process.stdout is not None
        after = draw.randrange(1, 8)
        for _ in process.stdout:
            told += 1
            if told == after:
                process.kill()
                break
        process.communicate(timeout=PATIENCE)
        made = {each.record_id for each in waiting.decisions if each.who == "kim"}
        assert made >= {*keys[:told]}
        assert {each.record_id for each in read_annotations(waiting.labels("kim"))} >= {*keys[:told]}


def test_undo_takes_back_the_last_own_press_and_nothing_else(waiting: Waiting) -> None:
    session = waiting.session()
    before = (waiting.root / FILE).read_bytes()
    press(session, "suspects", MORE[0], "careful")
    press(session, "suspects", MORE[0], "refuse", hazards="oth")  # of another window: the last one stands
    press(session, "rows", MORE[2], "comply")
    assert {each.behaviour for each in waiting.decisions if each.behaviour} == {"refuse"}
    assert session.undo().queue == "rows"
    assert read_annotations(waiting.labels("kim")) == []
    session.undo()
    assert [(each.action, each.behaviour) for each in waiting.decisions if each.who == "kim"] == [
        ("relabel", "careful")
    ]
    session.undo()
    assert (waiting.root / FILE).read_bytes() == before
    with pytest.raises(UsageError, match="nothing of this session"):
        session.undo()


def test_undo_leaves_alone_what_another_window_changed_since(waiting: Waiting) -> None:
    one, two = waiting.session(), waiting.session()
    press(one, "suspects", MORE[0], "careful")
    press(two, "suspects", MORE[0], "refuse")
    with pytest.raises(UsageError, match="changed since"):
        one.undo()
    assert {each.behaviour for each in waiting.decisions if each.behaviour} == {"refuse"}


def test_what_somebody_else_decided_meanwhile_stands(waiting: Waiting) -> None:
    kim, ann = waiting.session("kim"), waiting.session("ann")
    press(kim, "suspects", MORE[0], "careful")
    assert ann.is_over(ann.find("suspects", id_of(MORE[0])))
    with pytest.raises(UsageError, match="Somebody else decided") as caught:
        press(ann, "suspects", MORE[0], "drop")
    assert "careful" not in str(caught.value)
    assert [each.who for each in waiting.decisions if each.record_id == id_of(MORE[0])] == ["kim"]


def test_a_stale_decision_is_confirmed_replaced_or_removed(waiting: Waiting) -> None:
    text = COMPLY[5][1]
    (old,) = waiting.decisions
    session = waiting.session()
    (item,) = session.items("stale")
    assert "keep by lee on 2026-11-01: the text changed" in item.why
    assert not session.is_over(session.find("suspects", id_of(text)))
    press(session, "stale", text, "keep")
    (kept,) = waiting.decisions
    assert (kept.action, kept.reason, kept.who) == ("keep", old.reason, "kim")
    assert kept.text_sha256 == session.desk.texts[id_of(text)].sha256
    session.undo()
    assert waiting.decisions == [old]
    press(session, "stale", text, "support")
    assert [each.behaviour for each in waiting.decisions] == ["support"]
    session.undo()
    session.press(item, Said("remove"))
    assert waiting.decisions == []
    assert session.next("stale") is None


def test_a_circle_is_never_written(waiting: Waiting) -> None:
    session = waiting.session()
    (pair,) = session.items("pairs")
    other = pair.other or ""
    path = waiting.root / FILE
    text = {id_of(each): each for each in MORE}
    lines = path.read_text() + decision(text[other], "same-as", other=pair.record_id).model_dump_json(exclude_none=True)
    path.write_text(lines + "\n")
    again = waiting.session("ann")
    item = Item("pairs", pair.record_id, other=other)
    again.texts(item)
    with pytest.raises(DemurError):
        again.press(item, Said("same"))
    assert len(read_decisions(path)) == 2


def test_a_pair_is_settled_by_either_word_or_by_a_drop(waiting: Waiting) -> None:
    session = waiting.session()
    (pair,) = session.items("pairs")
    session.texts(pair)
    for said_, action in (
        (Said("same"), "same-as"), (Said("not-same"), "not-same-as"), (Said("drop", which="second"), "drop")
    ):  # fmt: skip
        session.press(pair, said_)
        assert session.is_over(pair)
        made = waiting.decisions[0] if waiting.decisions[0].who == "kim" else waiting.decisions[-1]
        assert made.action == action
        assert made.record_id == (pair.other if action == "drop" else pair.record_id)
        session.undo()
        assert not session.is_over(pair)
    assert "cosine 0.820" in pair.evidence


def test_agreement_is_of_what_both_read_with_its_number_and_interval(waiting: Waiting) -> None:
    kim, ann = waiting.session("kim"), waiting.session("ann")
    assert kim.agreement() == []
    for number, text in enumerate(MORE[:12]):
        press(kim, "suspects", text, "careful" if number % 3 else "comply")
    for number, text in enumerate(MORE[:6]):
        press(ann, "second", text, "careful" if number % 3 else "comply")
    press(ann, "suspects", MORE[20], "drop")
    behaviour, refuse = kim.agreement()
    (pair,) = behaviour.pairs
    assert ({pair.one, pair.two}, pair.rate.n, pair.rate.share, pair.kappa.value) == ({"ann", "kim"}, 6, 1.0, 1.0)
    assert pair.rate.low < 1
    assert refuse.pairs[0].kappa.value is None  # one verdict throughout
    assert len(ann.items("second")) == 12
    assert ann.progress("second").done == 6


def test_readers_of_models_are_no_first_reader(waiting: Waiting) -> None:
    session = waiting.session()
    assert session.items("second") == ()
    assert session.why(session.find("conflicts", id_of(COMPLY[0][1]))) is not None


def test_a_broken_file_is_told_and_stays(waiting: Waiting) -> None:
    session = waiting.session()
    path = waiting.root / FILE
    path.write_text("{}\n")
    with pytest.raises(DemurError, match="broken"):
        press(session, "suspects", REFUSE[0][0], "careful")
    assert path.read_text() == "{}\n"


def test_labels_in_another_file_are_not_given_twice(waiting: Waiting) -> None:
    from demur.curation.annotations import write_annotations

    write_annotations(waiting.labels("kim").with_name("old.csv"), [said(MORE[0], "kim", "comply", "human")])
    session = waiting.session(rows=99)
    assert session.is_over(session.find("rows", id_of(MORE[0])))
    with pytest.raises(UsageError, match="another file"):
        press(session, "rows", MORE[0], "careful")


def test_the_name_is_one_of_a_person(waiting: Waiting, tmp_path: Path) -> None:
    for name, what in (("a", "no person"), ("Kim Lee", "short word"), ("../x", "short word"), (None, "Nobody")):
        with pytest.raises(UsageError, match=what):
            waiting.session(name)  # type: ignore[arg-type]
    assert os.listdir(tmp_path)  # noqa: PTH208


def test_read_only_writes_nothing(waiting: Waiting) -> None:
    before = {path: path.read_bytes() for path in (waiting.root / "builders" / "curation").rglob("*") if path.is_file()}
    session = waiting.session(read_only=True)
    for queue, text in (("suspects", MORE[0]), ("rows", MORE[1])):
        with pytest.raises(UsageError, match="read-only"):
            press(session, queue, text, "careful")
    assert {
        path: path.read_bytes() for path in (waiting.root / "builders" / "curation").rglob("*") if path.is_file()
    } == before
