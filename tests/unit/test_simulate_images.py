"""The simulated image service: its pages, its files, its sign-in, its certificate, and what can go wrong with it."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from app.simulate.data import House, make
from app.simulate.images import LIST, ImageServer
from app.simulate.quirks import Quirks
from app.simulate.records import Record, make_records
from app.simulate.tls import make_certificate


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


@pytest.fixture
def server(house: House) -> Iterator[ImageServer]:
    with ImageServer(house) as started:
        yield started


def _get(server: ImageServer, address: str, **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        settings: dict[str, Any] = {"auth": (server.username, server.password), "timeout": 20} | options
        return session.get(address if "://" in address else server.url + address, **settings)


def _all(server: ImageServer, size: int = 25) -> list[Record]:
    rows: list[Record] = []
    page = 1
    while True:
        body = _get(server, f"{LIST}?page={page}&page_size={size}").json()
        rows += body["results"]
        if body["next"] is None:
            return rows
        page += 1


def test_pages_as_the_framework_writes_them(server: ImageServer) -> None:
    first = _get(server, LIST).json()
    assert list(first) == ["count", "next", "previous", "results"]
    assert (first["count"], len(first["results"]), first["previous"]) == (60, 50, None)
    second = _get(server, first["next"]).json()
    assert (len(second["results"]), second["next"]) == (10, None)
    assert _get(server, second["previous"]).json() == first
    rows = _all(server)
    assert [row["original_file"]["file_url"] for row in rows] == [
        row["original_file"]["file_url"] for row in (*first["results"], *second["results"])
    ]
    for page in ("3", "0", "-1", "x"):
        missing = _get(server, f"{LIST}?page={page}")
        assert (missing.status_code, missing.json()) == (404, {"detail": "Invalid page."})
    assert len(_get(server, f"{LIST}?page=last").json()["results"]) == 10
    assert _get(server, LIST.rstrip("/"), allow_redirects=False).headers["Location"] == LIST


def test_the_list_is_behind_a_password(server: ImageServer) -> None:
    without = _get(server, LIST, auth=None)
    assert without.status_code == 401
    assert without.headers["WWW-Authenticate"].startswith("Basic")
    assert without.json()["detail"] == "Authentication credentials were not provided."
    assert _get(server, LIST, auth=("pictures", "wrong")).json() == {"detail": "Invalid username/password."}
    address = _all(server)[0]["original_file"]["file_url"]
    assert _get(server, address, auth=None).status_code == 200
    server.quirks.media_auth = True
    assert _get(server, address, auth=None).status_code == 401


def test_every_file_is_a_picture_of_its_kind_and_size(server: ImageServer) -> None:
    formats = {"png": "PNG", "jpg_k": "JPEG", "jpg_g": "JPEG", "tiff": "TIFF"}
    seen: set[str] = set()
    for row in _all(server):
        for one in row["exported_files"]:
            if one["type"] == "psd":
                assert "image_url" not in one
                continue
            answer = _get(server, one["image_url"])
            with Image.open(io.BytesIO(answer.content)) as picture:
                assert picture.format == formats[one["type"]]
                assert answer.headers["Content-Type"] == Image.MIME[str(picture.format)]
                if one["resolution"]:
                    assert list(picture.size) == one["resolution"]
            seen.add(one["type"])
        answer = _get(server, row["original_file"]["file_url"])
        if row["original_file"]["format"] != "psd":
            Image.open(io.BytesIO(answer.content)).verify()
    assert seen == set(formats)
    assert _get(server, "/media/IMG_1.jpeg").status_code == 404


def test_two_services_of_one_seed_serve_the_same_bytes(house: House, server: ImageServer) -> None:
    with ImageServer(make("small")) as other:
        for row in _all(server)[:5]:
            address = row["original_file"]["file_url"]
            path = address.removeprefix(server.url)
            assert _get(server, address).content == _get(other, path).content


def test_a_file_that_has_not_changed_is_not_sent_again(server: ImageServer) -> None:
    address = _all(server)[0]["original_file"]["file_url"]
    first = _get(server, address)
    tag = {"If-None-Match": first.headers["ETag"]}
    again = _get(server, address, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    server.repaint(address)
    changed = _get(server, address, headers=tag)
    assert changed.status_code == 200
    assert changed.content != first.content


def _numbers(row: Record) -> list[str]:
    return [one.get("number") or one["article_number"] for one in row["articles"]]


def test_the_oddities_of_the_records(house: House, server: ImageServer) -> None:
    rows = _all(server)
    families = {str(int(row["Nummer"])) for row in house.tables["Artikel_Familie"].rows()}
    variants = {str(int(row["Nummer"])) for row in house.tables["Artikel_Variante"].rows()}
    found = {
        "a family": any(set(_numbers(row)) & families for row in rows),
        "a variant": any(set(_numbers(row)) & variants for row in rows),
        "an edition in the number": any(number.endswith("-BE") for row in rows for number in _numbers(row)),
        "nobody": any(not row["articles"] for row in rows),
        "somebody unknown": any(_numbers(row) == ["100000"] for row in rows),
        "many": any(len(row["articles"]) > 3 for row in rows),
        "said twice": any(len(set(_numbers(row))) < len(row["articles"]) for row in rows),
        "another word for number": any("article_number" in one for row in rows for one in row["articles"]),
        "no exported files": any(not row["exported_files"] for row in rows),
        "only one that nobody can show": any(
            [one["type"] for one in row["exported_files"]] == ["psd"] for row in rows
        ),
        "an original nobody can show": any(row["original_file"]["format"] == "psd" for row in rows),
        "no id": any(row["original_file"]["file_id"] is None for row in rows),
        "an id of its own": any("id" in row for row in rows),
        "no size": any(one.get("resolution", 0) is None for row in rows for one in row["exported_files"]),
        "a blank in the name": any("%20" in row["original_file"]["file_url"] for row in rows),
        "a front": any(one["front"] for row in rows for one in row["articles"]),
    }
    assert [what for what, there in found.items() if not there] == []
    full = make_records(make("full").build)
    assert len(full) == 2489
    assert {row["original_file"]["type"] for row in full} >= {
        "Produktfoto",
        "Szene",
        "Markt-Messe-Shop",
        "Illustration",
    }


def test_records_change_come_and_go(server: ImageServer) -> None:
    before = _all(server)
    server.change(4, articles=[{"number": "1", "front": True}], type="Szene")
    server.delete(0)
    server.insert(
        {
            "original_file": {"file_id": 1, "type": "Szene", "format": "png", "file_url": "/media/new.png"},
            "exported_files": [],
            "articles": [],
        }
    )
    after = _all(server)
    assert after[0]["original_file"]["file_url"] == f"{server.url}/media/new.png"
    assert _get(server, after[0]["original_file"]["file_url"]).status_code == 200
    assert _get(server, before[0]["original_file"]["file_url"]).status_code == 404
    assert after[4]["articles"] == [{"number": "1", "front": True}]
    assert after[4]["original_file"]["type"] == "Szene"
    assert [*after[1:4], *after[5:]] == [*before[1:4], *before[5:]]


def test_bad_days(server: ImageServer) -> None:
    server.fail("500", "503", "html", "empty", where=LIST)
    statuses = []
    for _ in range(4):
        answer = _get(server, LIST)
        statuses.append(
            (answer.status_code, answer.headers["Content-Type"].split(";")[0], len(answer.content) > 0)
        )
    assert statuses == [
        (500, "text/html", True),
        (503, "text/html", True),
        (200, "text/html", True),
        (200, "application/json", False),
    ]
    for fault in ("cut", "close"):
        server.fail("cut" if fault == "cut" else "close")
        with pytest.raises(requests.exceptions.RequestException):
            _get(server, LIST)
    server.fail("hang")
    with pytest.raises(requests.exceptions.Timeout):
        _get(server, LIST, timeout=0.2)
    server.quirks.internal_host = True
    assert "internal" in _all(server)[0]["original_file"]["file_url"]
    server.quirks.page_cap = 7
    assert len(_get(server, f"{LIST}?page_size=500").json()["results"]) == 7
    with requests.Session() as session:
        session.trust_env = False
        assert session.post(server.url + LIST, json={}, timeout=20).status_code == 405
    assert server.counters.writes_refused == 1


def test_some_files_are_missing_and_some_are_no_pictures(house: House) -> None:
    with ImageServer(house, Quirks(missing_files=0.3, wrong_files=0.3)) as server:
        kinds = {200: 0, 404: 0, 0: 0}
        for row in _all(server):
            answer = _get(server, row["original_file"]["file_url"])
            kinds[0 if answer.content == b"this is no picture" else answer.status_code] += 1
        assert all(count > 5 for count in kinds.values())


def test_tls_is_trusted_by_the_houses_own_authority_only(house: House, tmp_path: Path) -> None:
    good = make_certificate()
    file = tmp_path / "authority.pem"
    file.write_text(good.authority)
    with ImageServer(house, certificate=good) as server:
        assert server.url.startswith("https://")
        assert _get(server, LIST, verify=str(file)).status_code == 200
        with pytest.raises(requests.exceptions.SSLError):
            _get(server, LIST)
        assert _get(server, LIST, verify=str(file)).status_code == 200, "a refused handshake stops nobody"
    for wrong in (
        make_certificate(("pictures.example.org",)),
        make_certificate(began=datetime(2020, 1, 1, tzinfo=UTC)),
    ):
        file.write_text(wrong.authority)
        with ImageServer(house, certificate=wrong) as server, pytest.raises(requests.exceptions.SSLError):
            _get(server, LIST, verify=str(file))
