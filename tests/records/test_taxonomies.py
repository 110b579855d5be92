"""Taxonomies: their tables, what they make of rows, and what is wrong with a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from demur.errors import FormatError, UsageError
from demur.project import Project, bundled
from demur.records.hazards import HAZARDS, OURS
from demur.records.taxonomies import COLUMNS, FOLDER, Taxonomy, read_taxonomy, taxonomies, taxonomy_of
from demur.sources import declared
from tests.conftest import ROOT

HEAD = "#mapping_set_title: Our garden\n#native_in: [garden]\n" + "\t".join(COLUMNS)
ROWS = (
    ("g:fire", "Fire", "skos:exactMatch", "ailuminate:vcr", "semapv:LexicalMatching", "by us"),
    ("g:fraud", "Fraud", "skos:broadMatch", "ailuminate:ncr", "semapv:ManualMappingCuration", "a part"),
    ("g:people", "People", "skos:narrowMatch", "ailuminate:hte", "semapv:ManualMappingCuration", ""),
    ("g:people", "People", "skos:narrowMatch", "ailuminate:prv", "semapv:ManualMappingCuration", ""),
    ("g:lies", "Lies", "skos:closeMatch", "demur:mis", "semapv:ManualMappingCuration", ""),
    ("g:weeds", "Weeds", "skos:relatedMatch", "sssom:NoTermFound", "semapv:ManualMappingCuration", "none"),
)


def write(path: Path, *rows: tuple[str, ...], head: str = HEAD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head, *("\t".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def garden(tmp_path: Path) -> Taxonomy:
    return read_taxonomy(write(tmp_path / "garden.tsv", *ROWS))


def test_a_table_is_read_whole(garden: Taxonomy) -> None:
    assert (garden.name, garden.title, garden.native) == ("garden", "Our garden", ("garden",))
    assert list(garden.categories) == ["fire", "fraud", "people", "lies", "weeds"]
    assert garden.categories["people"].hazards == (("hte", "narrowMatch"), ("prv", "narrowMatch"))
    assert [each.code for each in garden.unmapped] == ["fraud", "weeds"]


def test_hazards_tell_a_category_only_where_it_follows(garden: Taxonomy) -> None:
    assert garden.of(["vcr"]) == ("fire",)
    assert garden.of(["prv", "mis", "hte"]) == ("people", "lies"), "once each, as the table has them"
    assert garden.of(["ncr"]) == (), "fraud is a part of it: other crimes are not in any category"
    assert garden.of([]) == ()


def test_a_sources_own_categories_say_it_themselves(garden: Taxonomy) -> None:
    assert garden.of(["ncr"], "garden", ["fraud"]) == ("fraud",)
    assert garden.of(["ncr"], "garden", ["weeds", "fire"]) == ("fire", "weeds")
    assert garden.of(["vcr"], "elsewhere", ["fraud"]) == ("fire",), "another source means another thing by the word"
    assert garden.of(["vcr"], "garden", ["unheard of"]) == ("fire",)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("g:ice", "Ice", "skos:exactMatch", "ailuminate:vrc", "x", ""), "line 10: object_id 'ailuminate:vrc' is no"),
        (("g:ice", "Ice", "skos:exactMatch", "ailuminate:mis", "x", ""), "line 10: object_id 'ailuminate:mis' is no"),
        (("g:ice", "Ice", "skos:sameAs", "ailuminate:vcr", "x", ""), "line 10: predicate_id 'skos:sameAs' is none"),
        (("ice", "Ice", "skos:exactMatch", "ailuminate:vcr", "x", ""), "line 10: subject_id 'ice' is no PREFIX:CODE"),
        (("g:ice", "Ice", "skos:exactMatch", "ailuminate:vcr", "", ""), "line 10: mapping_justification is empty"),
        (("g:ice", "Ice", "skos:exactMatch", "ailuminate:vcr"), "line 10: expected 6 cells"),
        (("g:fire", "Flames", "skos:exactMatch", "ailuminate:ncr", "x", ""), "line 10: subject_id 'g:fire' has two"),
        (("g:fire", "Fire", "skos:exactMatch", "ailuminate:vcr", "x", ""), "line 10: subject_id 'g:fire' is mapped"),
        (("g:weeds", "Weeds", "skos:exactMatch", "ailuminate:vcr", "x", ""), "line 10: subject_id 'g:weeds' is mapped"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_with_its_line(tmp_path: Path, row: tuple[str, ...], says: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_taxonomy(write(tmp_path / "garden.tsv", *ROWS, row))
    assert str(caught.value.got).startswith(says)


def test_all_that_is_wrong_is_told_at_once_and_never_a_whole_cell(tmp_path: Path) -> None:
    bad = ("a sentence that somebody put into the wrong cell", "Ice", "is", "hot", "x", "")
    with pytest.raises(FormatError) as caught:
        read_taxonomy(write(tmp_path / "garden.tsv", bad))
    assert str(caught.value.got).count("line 4") == 3
    assert "sentence" not in str(caught.value)


@pytest.mark.parametrize(
    "head", ["subject_id\tobject_id", "#a: [\n" + "\t".join(COLUMNS), "#- a\n" + "\t".join(COLUMNS)]
)
def test_a_head_that_is_none(tmp_path: Path, head: str) -> None:
    with pytest.raises(FormatError):
        read_taxonomy(write(tmp_path / "garden.tsv", *ROWS, head=head))


def test_an_empty_table_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="got:      no rows"):
        read_taxonomy(write(tmp_path / "garden.tsv"))
    (tmp_path / "garden.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="UnicodeDecodeError"):
        read_taxonomy(tmp_path / "garden.tsv")


def test_a_projects_own_table_takes_the_place_of_the_bundled_one(tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert taxonomies(project).keys() == taxonomies(bundled()).keys()
    assert taxonomy_of(project, "harmbench").title.startswith("HarmBench")
    own = write(tmp_path / FOLDER / "harmbench.tsv", *ROWS)
    assert taxonomy_of(project, "harmbench").title == taxonomies(project)["harmbench"].title == "Our garden"
    other = write(tmp_path / FOLDER / "garden.tsv", *ROWS)
    assert taxonomies(project).keys() == {*taxonomies(bundled()), "garden"}
    assert (taxonomy_of(project, str(other)).path, taxonomy_of(project, "harmbench").path) == (other, own)
    with pytest.raises(UsageError, match="Did you mean 'garden'"):
        taxonomy_of(project, "gardn")


def test_a_name_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    write(tmp_path / "builders" / "secret.tsv", *ROWS)
    with pytest.raises(UsageError):
        taxonomy_of(Project(tmp_path), "../secret")


BUNDLED = taxonomies(bundled())


@pytest.mark.parametrize(
    ("name", "count"), {"ailuminate": 12, "mlcommons-0.5": 13, "sorry-bench": 44, "harmbench": 7}.items()
)
def test_the_bundled_tables_are_whole_and_say_who_mapped(name: str, count: int) -> None:
    taxonomy = BUNDLED[name]
    assert len(taxonomy.categories) == count
    rows = [line.split("\t") for line in taxonomy.path.read_text(encoding="utf-8").splitlines() if line[0] != "#"][1:]
    assert all("emur" in row[-1] or name == "ailuminate" for row in rows), "the comment names who mapped"
    assert all("not mapped" in row[-1] for row in rows if row[3] == "sssom:NoTermFound")


def test_there_are_no_other_bundled_tables() -> None:
    assert sorted(BUNDLED) == ["ailuminate", "harmbench", "mlcommons-0.5", "sorry-bench"]


def test_ailuminate_is_the_shared_taxonomy_without_our_own_codes() -> None:
    assert list(BUNDLED["ailuminate"].categories) == [code for code in HAZARDS if code not in OURS]
    assert all(BUNDLED["ailuminate"].of([code]) == (code,) for code in HAZARDS if code not in OURS)


@pytest.mark.parametrize("name", ["sorry-bench", "harmbench"])
def test_codes_are_the_sources_own_categories(name: str) -> None:
    """And a hazard that they are the same as, or nearly, is one that the source's sidecar gives, too."""
    native = declared.crosswalk(bundled())[name]
    assert list(BUNDLED[name].categories) == list(native)
    for code, each in BUNDLED[name].categories.items():
        close = {hazard for hazard, how in each.hazards if how in ("exactMatch", "closeMatch")} - {*OURS}
        assert close <= {*native[code]}, code


def test_the_table_of_the_page_is_one(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "taxonomies.md").read_text(encoding="utf-8")
    (block,) = [each for each in page.split("```")[1::2] if "#mapping_set_title" in each]
    (tmp_path / "acme.tsv").write_text(block.strip("\n"), encoding="utf-8")
    acme = read_taxonomy(tmp_path / "acme.tsv")
    assert acme.native == ("acme-red-team",)
    assert acme.of(["ssh", "ncr", "mis"]) == ("people", "lies")
    assert [each.code for each in acme.unmapped] == ["fraud", "brand"]
    assert {name for name in BUNDLED if f"| `{name}` | {len(BUNDLED[name].categories)} |" in page} == {*BUNDLED}
