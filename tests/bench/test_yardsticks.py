"""The yardstick is what it says it is. Asked in its own process: its settings are not those of the suite."""

import json
import sqlite3
from pathlib import Path

import django
import pytest

from bench.sites import YARDSTICK_PAGES, Site, base_environment, python, yardstick_site

USERS = 2


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("yardstick")


@pytest.fixture(scope="module")
def site(data: Path) -> Site:
    return yardstick_site(data, port=8000, users=USERS)


@pytest.fixture(scope="module")
def counted(site: Site) -> dict[str, dict[str, int]]:
    paths = [page.path for page in YARDSTICK_PAGES]
    answer: dict[str, dict[str, int]] = json.loads(
        python(site.environment, "-m", "bench.inside", "count", site.cookie, *paths)
    )
    return answer


@pytest.mark.parametrize(("path", "queries"), [("/hello/", 0), ("/bare/", 2), ("/six/", 8)])
def test_queries(counted: dict[str, dict[str, int]], path: str, queries: int) -> None:
    assert counted[path]["queries"] == queries


@pytest.mark.parametrize(("path", "size"), [("/bare/", 8_800), ("/six/", 10_900)])
def test_size(counted: dict[str, dict[str, int]], path: str, size: int) -> None:
    assert counted[path]["html_bytes"] == pytest.approx(size, rel=0.02)


def test_pages_are_closed_to_a_stranger(site: Site) -> None:
    with pytest.raises(RuntimeError, match="status 302 instead of 200"):
        python(site.environment, "-m", "bench.inside", "count", "sessionid=nobody", "/bare/")


@pytest.mark.usefixtures("site")
def test_rows_and_indexes(data: Path) -> None:
    with sqlite3.connect(data / "yardstick.sqlite3") as database:
        rows = database.execute("SELECT count(*) FROM site_entry GROUP BY user_id").fetchall()
        names = [row[1] for row in database.execute("PRAGMA index_list(site_entry)")]
        columns = [len(database.execute(f"PRAGMA index_info({name})").fetchall()) for name in names]
    database.close()
    assert rows == [(1000,)] * USERS
    assert sorted(columns) == [2, 3, 3]


def test_middleware_is_what_startproject_writes(data: Path) -> None:
    template = Path(django.__path__[0]) / "conf/project_template/project_name/settings.py-tpl"
    block = template.read_text().partition("MIDDLEWARE = [")[2].partition("]")[0]
    stock = [line.strip(" ',") for line in block.splitlines() if line.strip()]
    environment = base_environment() | {"YARDSTICK_DATA": str(data)}
    code = "import json; from bench.site.settings import MIDDLEWARE; print(json.dumps(MIDDLEWARE))"
    assert len(stock) == 7
    assert json.loads(python(environment, "-c", code)) == stock


def test_nothing_of_the_users_own_installation_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CAIRN_DATA", "CAIRN_MODE", "DATABASE_URL", "REDIS_URL", "SMTP_HOST", "SECRET_KEY"):
        monkeypatch.setenv(name, "the user's own")
    assert "the user's own" not in base_environment().values()
