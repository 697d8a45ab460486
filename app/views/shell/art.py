"""The program's own drawings."""

from pathlib import Path

ART_DIR = Path(__file__).resolve().parents[3] / "resources" / "art"
FIGURES = ("angel", "tree", "nutcracker", "star", "hussar", "bell", "snowman", "heart", "rabbit")


def figure(name: str) -> Path:
    """The file of a figure."""
    return ART_DIR / f"{name}.svg"
