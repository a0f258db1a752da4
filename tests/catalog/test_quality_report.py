"""The quality report of real runs: what it says, and that its page is one safe file that anyone can read."""

import json
import shutil
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from commerce.errors import Refused
from meschain.catalog.context import Catalog
from meschain.catalog.profile import FeedProfile
from meschain.catalog.quality import Quality, check_quality, headline
from meschain.catalog.suppliers import ensure_supplier, save_profile
from meschain.catalog.sync import sync_files
from meschain.catalog.tables import Run
from meschain.settings import Settings
from meschain.wiring import House

pytestmark = pytest.mark.filterwarnings("ignore:module 'sre_parse' is deprecated:DeprecationWarning")

HOSTILE = "<script>alert(1)</script><img src=http://evil.example/a.png onerror=alert(2)>\u202e&amp;{{7*7}}"
PROFILE = {
    "layout": {"format": "delimited", "delimiter": "|"},
    "currency": "TRY",
    "decimal": ",",
    "fields": {
        "supplier_sku": {"from": ["code"]},
        "title": {"from": ["title"]},
        "cost": {"from": ["cost"]},
        "list_price": {"from": ["price"]},
        "stock": {"from": ["stock"]},
    },
}
VOID = {"meta", "img", "br", "link", "input", "hr"}


@pytest.fixture(scope="module")
def catalog(furnished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    home = tmp_path_factory.mktemp("quality") / "home"
    house = House(Settings(home=Path(shutil.copytree(furnished_home, home))))
    yield house.catalog(house.tenant(None))
    house.close()


def _sync(catalog: Catalog, folder: Path, rows: list[str], supplier: str = "toptanci") -> Run:
    owner = ensure_supplier(catalog, supplier)
    save_profile(catalog, owner, FeedProfile.model_validate(PROFILE), "declared")
    path = folder / "feed.csv"
    path.write_text("\n".join(["code|title|cost|price|stock", *rows, ""]), encoding="utf-8")
    return sync_files(catalog, owner, [path], lambda rows: None)


def _rows(count: int, stock: int = 5) -> list[str]:
    return [f"A{number}|Bardak {number}|10,50|19,90|{stock}" for number in range(count)]


class _Page(HTMLParser):
    """What the page is made of: elements with their attributes, the text that is shown, and what is not balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def _page(quality: Quality) -> _Page:
    return _Page(quality.page.read_text(encoding="utf-8"))


def _assert_safe(page: _Page) -> None:
    assert (page.wrong, page.open) == ([], [])
    assert not {tag for tag, _ in page.elements} & {"script", "img", "link", "iframe", "object", "form", "base", "svg"}
    attributes = [(name, value) for _, own in page.elements for name, value in own.items()]
    assert [name for name, _ in attributes if name.startswith("on") or name in {"src", "href", "srcset"}] == []
    assert [value for name, value in attributes if name == "style" and not value.startswith("flex-grow:")] == []


@pytest.fixture(scope="module")
def checked(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Quality]:
    """A run with two hostile titles, one of them of an offer that costs too much, and rows that cannot be read."""
    rows = [
        *_rows(20),
        f"B1|{HOSTILE}|10,00|20,00|1",
        f"B2|\ufffd {HOSTILE}|30,00|20,00|1",
        f"{HOSTILE}|x|-5,00|20,00|1",
        "C1|Tabak|1,2,3|20,00|1",
    ]
    run = _sync(catalog, tmp_path_factory.mktemp("feed"), rows, "hostile")
    assert run.status == "applied"
    return run, check_quality(catalog, "hostile", run.id)


def test_the_report_tells_what_the_run_left_behind(checked: tuple[Run, Quality]):
    run, quality = checked
    assert (quality.verdict, headline(quality)) == ("warned", "2 warned of 37 checks")
    offers, changes, runs, refused = quality.relations
    assert [(report.relation, report.rows) for report in quality.relations] == [
        ("core.offers", 22), ("core.offer_changes", 22 * 6), ("core.feed_runs", 1), ("raw.quarantine", 2),
    ]  # fmt: skip
    assert {report.snapshot for report in quality.relations} == {run.snapshot_after}
    found = {check.name: [row["supplier_sku"] for row in check.sample] for check in offers.warned}
    assert found == {"title_is_readable": ["B2"], "cost_is_below_list_price": ["B2"]}
    assert [report.failed for report in (offers, changes, runs, refused)] == [[], [], [], []]
    assert {(group.field, group.rows) for group in quality.refusals} == {("cost", 1)}
    assert (quality.counts["read"], quality.counts["quarantined"]) == (24, 2)


def test_the_data_says_the_same_as_the_page(checked: tuple[Run, Quality]):
    run, quality = checked
    told = json.loads(quality.data.read_text(encoding="utf-8"))
    assert (told["run_id"], told["verdict"], told["counts"]["accepted"]) == (run.id, "warned", 22)
    page = _page(quality)
    for report in told["relations"]:
        assert report["relation"] in page.text
        assert all(check["rule"] in page.text for check in report["checks"])
    for group in told["refusals"]:
        assert group["reason"].replace("_", " ") in page.text
        assert group["expected"] in page.text
    assert "hostile" in page.text
    assert run.id in page.text


def test_the_page_is_safe_whatever_a_feed_says(checked: tuple[Run, Quality]):
    page = _page(checked[1])
    _assert_safe(page)
    assert HOSTILE.replace("\u202e", "‹U+202E›")[:100] in page.text  # shown as it is, and not obeyed
    assert "\u202e" not in page.text


def test_the_page_needs_nothing_and_can_be_read_by_everyone(checked: tuple[Run, Quality]):
    text = checked[1].page.read_text(encoding="utf-8")
    page = _page(checked[1])
    policies = [own["content"] for tag, own in page.elements if own.get("http-equiv") == "Content-Security-Policy"]
    assert [policy.split(";")[0] for policy in policies] == ["default-src 'none'"]
    style = text[text.index("<style>") : text.index("</style>")]
    assert not {"url(", "@import", "http:", "https:"} & set(style.replace("(", "( ").split())
    assert "prefers-color-scheme: dark" in style
    tags = [tag for tag, _ in page.elements]
    assert ("html", {"lang": "en"}) in page.elements
    assert (tags.count("h1"), tags.count("main"), tags.count("title")) == (1, 1, 1)
    assert any(own.get("name") == "viewport" for _, own in page.elements)
    assert all(own.get("scope") == "col" for tag, own in page.elements if tag == "th")
    ids = {own["id"] for _, own in page.elements if "id" in own}
    assert {own["aria-labelledby"] for _, own in page.elements if "aria-labelledby" in own} <= ids
    assert all(own.get("aria-label") for _, own in page.elements if own.get("role") == "img")


def test_the_report_lies_where_reports_lie_and_only_its_owner_reads_it(checked: tuple[Run, Quality], catalog: Catalog):
    run, quality = checked
    assert quality.folder == catalog.reports / run.id
    assert sorted(path.name for path in quality.folder.iterdir()) == ["quality.html", "quality.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in quality.folder.iterdir()} == {0o600}
    again = check_quality(catalog, "hostile", run.id)
    assert again.model_dump(exclude={"checked_at", "seconds", "relations"}) == quality.model_dump(
        exclude={"checked_at", "seconds", "relations"}
    )
    assert sorted(path.name for path in quality.folder.iterdir()) == ["quality.html", "quality.json"]


def test_a_held_run_shows_why_and_what_it_would_refuse(catalog: Catalog, tmp_path: Path):
    good = _sync(catalog, tmp_path, _rows(20))
    held = _sync(catalog, tmp_path, [*_rows(20, stock=0), "C1|Tabak|1,2,3|20,00|1"])
    assert (good.status, held.status) == ("applied", "held")
    quality = check_quality(catalog, "toptanci", held.id)
    assert (quality.verdict, quality.relations[0].rows) == ("passed", 20)
    assert [(group.field, group.rows) for group in quality.refusals] == [("cost", 1)]
    page = _page(quality)
    _assert_safe(page)
    assert "run held" in page.text
    assert "nothing was changed" in page.text
    assert all(finding["message"] in page.text for finding in held.gate)
    assert f"meschain catalog diff {held.id}" in page.text


def test_a_held_run_that_refuses_nothing_new_says_so(catalog: Catalog, tmp_path: Path):
    bad = "C1|Tabak|1,2,3|20,00|1"
    _sync(catalog, tmp_path, [*_rows(20), bad], supplier="yine")
    held = _sync(catalog, tmp_path, [*_rows(20, stock=0), bad], supplier="yine")
    assert (held.status, held.counts["quarantined"]) == ("held", 1)
    assert "the run brought 1 of those rows again" in _page(check_quality(catalog, "yine", held.id)).text


def test_without_a_supplier_the_whole_lake_is_checked(catalog: Catalog, tmp_path: Path):
    _sync(catalog, tmp_path, _rows(30), supplier="ithalatci")
    quality = check_quality(catalog, None, "nightly")
    rows = {report.relation: report.rows for report in quality.relations}
    with catalog.lake.connect(read_only=True) as connection:
        counted = {name: connection.sql(f"FROM {name}").count("*").fetchall()[0][0] for name in rows}
    assert (rows, quality.supplier) == (counted, None)
    assert rows["core.offers"] >= 30
    assert [report.failed for report in quality.relations if report.failed] == []
    assert all(report.where == {} for report in quality.relations)
    page = _page(quality)
    _assert_safe(page)
    assert "Whole lake" in page.text


@pytest.mark.parametrize(("supplier", "run_id"), [("toptanci", "0190-unknown"), (None, "../../etc"), (None, "")])
def test_a_report_needs_a_run(catalog: Catalog, supplier: str | None, run_id: str):
    before = sorted(catalog.reports.rglob("*"))
    with pytest.raises(Refused):
        check_quality(catalog, supplier, run_id)
    assert sorted(catalog.reports.rglob("*")) == before
