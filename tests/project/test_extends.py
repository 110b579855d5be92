"""A folder that extends Demur: what it sees, adds and takes the place of; and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from demur.cli import main
from demur.errors import ProjectError
from demur.project import at, bundled, find
from demur.sets.builder import builders
from demur.sets.show import told
from demur.sources import declared

SOURCE = '''"""A source for the tests."""

from demur import github, source
from demur.records.record import harmful
from schemas.prompt import Prompt


@source(title="{title}", homepage="https://example.org/x", license="mit", kind="prompt", languages=("en",),
        mirrors=(github("demo/x", "x.csv", columns={{"q": "prompt"}}),))
def {name}(row):
    return Prompt(prompt=row["prompt"], labels=(harmful("no", by="author"),))
'''

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)

    def written(**files: str) -> Path:
        for name, text in {"demur.toml": '[project]\nextends = "demur"\n', **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return written


def test_an_empty_project_sees_everything(write: Write) -> None:
    project = find(write())
    assert declared.sources(project).keys() == declared.sources(bundled()).keys()
    assert declared.sources(project)["xstest"].pin == declared.sources(bundled())["xstest"].pin
    assert declared.crosswalk(project) == declared.crosswalk(bundled())
    assert builders(project).keys() == builders(bundled()).keys()
    assert declared.schemas(project).keys() == declared.schemas(bundled()).keys()
    assert [*told(project)] == []


def test_what_it_declares_is_added_and_what_it_declares_anew_is_told(write: Write) -> None:
    root = write(
        **{
            "builders/sources/ours.py": SOURCE.format(name="ours", title="Ours"),
            "builders/sources/mine.py": SOURCE.format(name="advbench", title="Mine"),
            "builders/sources/xstest.py": SOURCE.format(name="xstest", title="Anew"),
            "builders/sources/ours.toml": 'note = "Ours."\n',
        }
    )
    project = at(root)
    found = declared.sources(project)
    assert (found["ours"].note, found["xstest"].title, found["xstest"].note) == ("Ours.", "Anew", None)
    owners = declared.origins(project)
    assert (owners["ours"].by, owners["ours"].over) == ("project", None)
    assert (owners["advbench"].by, owners["advbench"].over) == ("project", "demur")
    assert (owners["strongreject"].by, found["advbench"].title) == ("demur", "Mine")
    assert [*told(project)] == [
        "source advbench: the project's own takes the place of demur's",
        "builders/sources/xstest.py: the project's own takes the place of demur's",
    ]
    done = CliRunner().invoke(main, ["sources"])
    assert f"project: {root}" in done.stderr
    assert "note: source advbench: the project's own takes the place of demur's" in done.stderr
    assert "| ours | prompt | mit |  | github | not pinned | project |" in done.stdout
    assert declared.sources(bundled())["xstest"].title == "XSTest", "the bundled project is what it was"


def test_a_sidecar_alone_takes_the_place_of_one(write: Write) -> None:
    project = at(write(**{"builders/sources/xstest.toml": 'note = "Read by us."\n'}))
    assert declared.sources(project)["xstest"].note == "Read by us."
    assert declared.sources(project)["advbench"].note == declared.sources(bundled())["advbench"].note


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[project]\nextends = 'other'\n", "A project extends Demur, or nothing"),
        ("[project]\nextend = 'demur'\n", "No key 'extend' in"),
        ("[project\n", "The project's file cannot be read"),
    ],
)
def test_a_broken_file_is_told(write: Write, text: str, said: str) -> None:
    with pytest.raises(ProjectError, match=said):
        find(write(**{"demur.toml": text}))


def test_settings_alone_are_no_project(write: Write) -> None:
    assert find(write(**{"demur.toml": "ignore = ['DMR401']\n"})).is_bundled
    with pytest.raises(ProjectError, match="There is no project"):
        at(write(**{"demur.toml": "ignore = ['DMR401']\n"}))


def test_the_search_stops_at_the_repository(write: Write, tmp_path: Path) -> None:
    write()
    inner = tmp_path / "clone" / "deep"
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    inner.mkdir()
    assert find(inner).is_bundled
    assert find(tmp_path / "builders").root == tmp_path.resolve()


def test_another_users_project_is_not_run(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(**{"builders/sources/ours.py": "raise SystemExit('ran')\n"})
    monkeypatch.setattr("demur.project.foreign", lambda path: path.name == "builders")
    done = CliRunner().invoke(main, ["sources"])
    assert done.exit_code == 2
    assert "The project belongs to another user, and its code is not run" in done.stderr
    assert f"DEMUR_SAFE_DIRECTORY={root}" in done.stderr


def test_a_link_out_of_the_project_is_not_followed(write: Write, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = write()
    away = tmp_path_factory.mktemp("away") / "ours.py"
    away.write_text("raise SystemExit('ran')\n")
    (root / "builders" / "sources").mkdir(parents=True)
    (root / "builders" / "sources" / "ours.py").symlink_to(away)
    with pytest.raises(ProjectError, match="a link that leads out of it"):
        declared.sources(at(root))


PLANTED = "from pathlib import Path\nPath(__file__).with_suffix('.ran').touch()\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "rows.jsonl"],
        ["rule", "DMR001"],
        ["hydrate", ".", "--to", "there"],
        ["verify", "nobody/nothing@v1.0.0"],
        ["pull", "nobody/nothing@v1.0.0", "--offline"],
    ],
)
def test_commands_that_read_run_no_planted_project(
    write: Write, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = ("builders/sources/x.py", "builders/y.py", "schemas/z.py", "builders/__init__.py", "schemas/__init__.py")
    root = write(**dict.fromkeys(planted, PLANTED), **{"rows.jsonl": '{"prompt": "Draw a kite"}\n'})
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    done = CliRunner().invoke(main, arguments)
    assert "project:" not in done.stderr
    assert [*root.rglob("*.ran")] == []
    CliRunner().invoke(main, ["sources"])
    assert [*root.rglob("*.ran")] != [], "the planted files are not what would run"
