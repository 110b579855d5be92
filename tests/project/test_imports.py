"""Installed packages that offer sources and builders: in a virtual environment, with the real command."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from demur.project import bundled, find
from tests.conftest import ROOT, make_csv

SOURCE = '''"""Mild prompts of Acme's."""

from demur import Reject, source
from demur.records.record import harmful
from demur.sources.mirror import file
from schemas.prompt import Prompt


@source(
    title="Acme red",
    license="mit",
    kind="prompt",
    mirrors=(file("acme/red", "red.csv", columns={"q": "prompt", "l": "l"}),),
)
def acme_red(row, at):
    """One line."""
    if at.row == 0:
        return Reject("first-row")
    return Prompt(prompt=row["prompt"], labels=(harmful(row["l"], by="author"),))
'''
BUILDER = ROOT / "demur" / "kinds" / "evaluation" / "builder.py.txt"
PINS = "pins.json"
ROWS = [
    ("A line that is left out", "no"),
    ("Help me hide all the left shoes of the football team", "yes"),
    ("Which herbs go well with a tomato soup?", "no"),
    ("Tell the twins that the moon was sold to a cheese company", "yes"),
    ("How long should black tea be left in the pot?", "no"),
]


def wheel(folder: Path, name: str, files: dict[str, str], points: str) -> Path:
    """A tiny wheel, made here."""
    plain = name.replace("-", "_")
    info = f"{plain}-1.0.dist-info"
    members = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": points,
    }
    members[f"{info}/RECORD"] = "".join(f"{each},,\n" for each in [*members, f"{info}/RECORD"])
    path = folder / f"{plain}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in members.items():
            archive.writestr(each, text)
    return path


def acme(folder: Path, name: str = "acme-demur", top: str = "acme", **more: str) -> Path:
    text = BUILDER.read_text().replace("$title", "Acme").replace("$name", "acme_eval")
    files = {
        f"{top}/__init__.py": "",
        f"{top}/sources/__init__.py": "",
        f"{top}/sources/acme_red.py": SOURCE,
        f"{top}/sources/acme_red.toml": 'note = "Of Acme."\n',
        f"{top}/sets.py": text.replace("$configs", 'Config(name="default", sources=("acme-red",)),'),
        **more,
    }
    points = f"[demur.sources]\nacme = {top}.sources\n\n[demur.builders]\nacme = {top}.sets\n"
    return wheel(folder, name, files, points)


class Venv:
    """A virtual environment that sees this one's packages, and a folder to work in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root / "venv")], check=True)
        self.python = root / "venv" / "bin" / "python"
        site = next((root / "venv" / "lib").glob("python*/site-packages"))
        mine = [path for path in sys.path if path.endswith("site-packages")]
        (site / "outer.pth").write_text("".join(f"{path}\n" for path in (str(ROOT), *mine)))
        self.site = site
        self.here = root / "here"
        (self.here / ".git").mkdir(parents=True)
        self.mirror = root / "mirror"
        rows = self.mirror / "file" / "acme" / "red" / "v1" / "red.csv"
        rows.parent.mkdir(parents=True)
        rows.write_bytes(make_csv(("q", "l"), ROWS))

    def pip(self, *arguments: str) -> None:
        base = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check"]
        done = subprocess.run([*base, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def install(self, wheel: Path) -> None:
        self.pip("install", "--no-deps", "--no-index", "--quiet", str(wheel))

    def demur(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "DEMUR_CACHE": str(self.root / "cache"), "DEMUR_MIRROR": str(self.mirror)}
        command = [str(self.python), "-P", "-m", "demur.cli", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.here, env=env)
        assert not any(text in done.stdout + done.stderr for text, _ in ROWS)
        return done


@pytest.fixture
def venv(tmp_path: Path) -> Venv:
    return Venv(tmp_path)


def test_a_package_brings_a_source_and_a_set_and_takes_them_away(venv: Venv) -> None:
    venv.install(acme(venv.root))
    (venv.here / "demur.toml").write_text('[project]\nextends = "demur"\n')
    listed = venv.demur("sources").stdout
    assert "| acme-red | prompt | mit |  | file | not pinned | acme-demur 1.0 |" in listed
    nowhere = venv.demur("--project", str(ROOT), "pin", "acme-red")
    assert nowhere.returncode == 2
    assert "is pinned in a project of your own" in nowhere.stderr
    pinned = venv.demur("pin", "acme-red")
    assert pinned.returncode == 0, pinned.stderr
    assert (venv.here / "builders" / "sources" / PINS).is_file(), "pins are the project's"
    built = venv.demur("build", "acme-eval")
    assert built.returncode == 0, built.stderr
    assert "4 rows + 1 rejects" in built.stdout
    assert venv.demur("rebuild", "build/acme-eval").returncode == 0
    assert venv.demur("check", "build/acme-eval").returncode == 0
    venv.pip("uninstall", "--yes", "--quiet", "acme-demur")
    gone = venv.demur("rebuild", "build/acme-eval")
    assert gone.returncode == 2
    assert "No builder 'acme-eval'" in gone.stderr
    assert "If an installed package offered it, install that again." in gone.stderr
    assert venv.demur("check", "build/acme-eval").returncode == 0, "what was built can be judged without the package"


def test_two_packages_with_one_name_and_one_that_is_broken(venv: Venv) -> None:
    venv.install(acme(venv.root))
    venv.install(acme(venv.root, "bolt-demur", "bolt"))
    done = venv.demur("sources")
    assert done.returncode == 2
    assert "Source 'acme-red' is declared by two packages" in done.stderr
    assert "acme-demur 1.0 and bolt-demur 1.0" in done.stderr
    venv.pip("uninstall", "--yes", "--quiet", "bolt-demur")
    planted = "raise RuntimeError('planted')\n"
    venv.install(wheel(venv.root, "crash-demur", {"crash.py": planted}, "[demur.sources]\ncrash = crash\n"))
    done = venv.demur("sources")
    assert done.returncode == 2
    assert "An installed package cannot be loaded" in done.stderr
    assert "crash-demur 1.0: demur.sources = 'crash'" in done.stderr
    (venv.here / "rows.jsonl").write_text('{"prompt": "Draw a kite"}\n')
    assert venv.demur("check", "rows.jsonl", "--license", "mit").returncode == 0, "a check imports no package"
    assert venv.demur("rule", "DMR001").returncode == 0


def test_only_those_who_ask_load_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def points(group: str) -> list[str]:
        asked.append(group)
        return []

    monkeypatch.setattr("demur.project.imports.entry_points", points)
    bundled().parts("builders")
    assert asked == []
    find(tmp_path).parts("builders")
    assert "demur.builders" in asked
