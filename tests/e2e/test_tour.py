"""The tour: the whole main job through the real window, as `werkbank tour` runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtGui import QImage

from app.core.embedded import Instance
from app.tour.driver import is_blank
from app.tour.steps import CHAPTERS

pytestmark = pytest.mark.timeout(400)  # it drives some seventy screens; only a tour that hangs is ended
KEYS = [step.key for step in CHAPTERS["work"]]
PRICED = {"quote", "sales_order", "invoice"}


def tour(
    repository: Path, out: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `werkbank tour` as a program of its own, without a display."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    inherited = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(
        [sys.executable, "-m", "app", "tour", "--out", str(out), *arguments],
        cwd=repository,
        env=inherited | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def record(out: Path) -> dict[str, Any]:
    """What the tour wrote down."""
    found = json.loads((out / "tour.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def expect_whole(out: Path, done: subprocess.CompletedProcess[str], data_set: str) -> dict[str, Any]:
    """Every step was done, every picture shows something, every document says what the database says."""
    assert done.returncode == 0, done.stdout + done.stderr
    found = record(out)
    assert found["ok"]
    assert found["failed"] == ""
    assert found["data_set"] == data_set
    assert [step["key"] for step in found["steps"]] == KEYS
    assert not any(step["error"] for step in found["steps"])
    assert all(step["round_trips"] > 0 for step in found["steps"])
    pictures = [name for step in found["steps"] for name in step["pictures"]]
    assert len(pictures) == found["totals"]["pictures"] == len(list(out.glob("*.png")))
    for name in pictures:
        assert not is_blank(QImage(str(out / name))), name
    kinds = [document["type"] for document in found["documents"]]
    assert sorted(kinds) == ["delivery", "delivery", "invoice", "invoice", "quote", "sales_order"]
    for document in found["documents"]:
        assert document["equal"], document["problems"]
        assert document["totals_in_pdf"] == document["totals_in_database"]
        assert (out / document["file"]).read_bytes().startswith(b"%PDF")
        if document["type"] in PRICED:
            assert {"net", "gross"} <= document["totals_in_pdf"].keys()
        else:
            assert document["totals_in_pdf"], "a delivery note without quantities"
    return found


def test_the_demo_company_from_the_quote_to_the_payment(repository: Path, tmp_path: Path) -> None:
    found = expect_whole(tmp_path, tour(repository, tmp_path), "demo")
    facts = {step["key"]: step["facts"] for step in found["steps"]}
    roles = {step["key"]: step["role"] for step in found["steps"]}
    assert roles["quote"] == "sales_rep"
    assert roles["approve"] == "sales_manager"
    assert roles["plan"] == "production_planner"
    assert roles["make"] == "production_operator"
    assert roles["ship_first"] == "warehouse_clerk"
    assert roles["payments"] == "finance"
    assert facts["plan"]["levels"] >= 2
    assert facts["ship_first"]["delivery"] != facts["ship_rest"]["delivery"]
    assert float(facts["payments"]["skonto"]) > 0


@pytest.mark.adventureworks
def test_a_bicycle_maker_from_the_quote_to_the_payment(repository: Path, tmp_path: Path) -> None:
    folder = Path(os.environ.get("WERKBANK_AW", repository.parent / "shared" / "data" / "adventureworks"))
    if not (folder / "Product.csv").is_file():
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"CI must have the AdventureWorks files, and {folder} is not there")
        pytest.skip(f"the AdventureWorks files are not in {folder}; WERKBANK_AW names another folder")
    done = tour(repository, tmp_path, "--from", str(folder), "--lang", "en", "--theme", "dark")
    found = expect_whole(tmp_path, done, "adventureworks")
    assert (found["language"], found["theme"]) == ("en", "dark")


def test_a_failed_step_is_named_and_leaves_its_picture(
    repository: Path, tmp_path: Path, company: Instance
) -> None:
    with psycopg.connect(company.admin_dsn(), autocommit=True) as connection:
        gone = connection.execute(
            "UPDATE partners.partner SET name = 'Umbenannt', email = NULL WHERE name LIKE 'Weihnachtshaus%'"
        )
        assert gone.rowcount == 1
    done = tour(repository, tmp_path, "--instance", company.name, WERKBANK_PATIENCE="10")
    assert done.returncode not in (0, 2)
    found = record(tmp_path)
    assert not found["ok"]
    assert found["steps"][-1]["key"] == "quote"
    assert "step 5 quote" in found["failed"]
    assert "Weihnachtshaus" in found["failed"]
    assert found["failed"] in done.stderr
    picture = tmp_path / found["steps"][-1]["pictures"][-1]
    assert picture.name.endswith("-quote-FAILED.png")
    assert not is_blank(QImage(str(picture)))


def test_an_unknown_step_is_refused_before_anything_starts(repository: Path, tmp_path: Path) -> None:
    done = tour(repository, tmp_path / "out", "--until", "lunch")
    assert done.returncode == 2
    assert "lunch" in done.stderr
    assert not (tmp_path / "out").exists()


def test_people_and_rights_from_the_first_day_to_the_last(
    repository: Path, tmp_path: Path, company: Instance
) -> None:
    done = tour(repository, tmp_path, "--instance", company.name, "--chapter", "security")
    assert done.returncode == 0, done.stdout + done.stderr
    found = record(tmp_path)
    assert found["ok"], found["failed"]
    assert found["chapter"] == "security"
    assert [step["key"] for step in found["steps"]] == [step.key for step in CHAPTERS["security"]]
    pictures = [name for step in found["steps"] for name in step["pictures"]]
    assert len(pictures) == found["totals"]["pictures"] == len(list(tmp_path.glob("*.png")))
    assert not [name for name in pictures if is_blank(QImage(str(tmp_path / name)))]
    roles = {step["key"]: step["role"] for step in found["steps"]}
    assert (roles["sensitive"], roles["second_person"]) == ("administrator", "system_administrator")
    assert (roles["discount"], roles["allowed"]) == ("sales_rep", "sales_manager")
    assert len(list(tmp_path.glob("*.xlsx"))) == len(list(tmp_path.glob("*.pdf"))) == 1


def test_an_image_service_from_its_entry_to_the_day_it_is_away(
    repository: Path, tmp_path: Path, company: Instance
) -> None:
    done = tour(repository, tmp_path, "--instance", company.name, "--chapter", "images")
    assert done.returncode == 0, done.stdout + done.stderr
    found = record(tmp_path)
    assert found["ok"]
    assert [step["key"] for step in found["steps"]] == [step.key for step in CHAPTERS["images"]]
    for step in found["steps"]:
        for name in step["pictures"]:
            assert not is_blank(QImage(str(tmp_path / name))), name


def test_paper_labels_scans_and_e_invoices(repository: Path, tmp_path: Path, company: Instance) -> None:
    done = tour(
        repository,
        tmp_path,
        "--instance",
        company.name,
        "--chapter",
        "paper",
        "--lang",
        "en",
        "--theme",
        "dark",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = record(tmp_path)
    assert found["ok"], found["failed"]
    assert [step["key"] for step in found["steps"]] == [step.key for step in CHAPTERS["paper"]]
    pictures = [name for step in found["steps"] for name in step["pictures"]]
    assert not [name for name in pictures if is_blank(QImage(str(tmp_path / name)))]
    facts = {step["key"]: step["facts"] for step in found["steps"]}
    if os.environ.get("WERKBANK_TEST_PRINTERS") == "required":
        assert facts["paper_printers"]["office"] == "ipp"
    # Every kind of label was printed and read back, and so was the number of each parcel.
    assert set(facts["paper_labels"]["read"]) == {"product", "lot", "place", "work_order"}
    assert len(facts["paper_pack"]["parcels"]) == 2
    assert facts["paper_every_kind"]["kinds"] == len(list((tmp_path / "papers").glob("*.pdf"))) >= 20
    assert list(tmp_path.glob("RE-*.xml"))
    assert facts["paper_mailed"]["to"]
    assert facts["paper_archive"]["verified"] >= facts["paper_archive"]["exported"] > 50
