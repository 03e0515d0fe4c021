"""Geometry of the profile chart: one track of five boxes per dimension, in units of the SVG's view box.

Levels are ordinal, so a level is a box that is filled or not, never a length on a scale.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from auditor.model.assessment import DimensionResult
from auditor.report import words

WIDTH = 496
BOX_WIDTH = 58
BOX_HEIGHT = 24
NUMBER_X = 392
_TRACK_X = 62
_BOX_STEP = 64
_TOP = 34
_ROW_STEP = 42

BoxKind = Literal["confirmed", "possible", "empty", "unknown"]


@dataclass(frozen=True, slots=True)
class Box:
    """One level of a dimension: its left edge and how it is filled."""

    level: int
    x: int
    kind: BoxKind


@dataclass(frozen=True, slots=True)
class Row:
    """One dimension: its boxes, the centre of its point marker (None: no point), and what a screen reader says."""

    dimension: DimensionResult
    y: int
    boxes: tuple[Box, ...]
    marker_x: int | None
    says: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole chart; `axis` holds the centre of each level's column."""

    height: int
    axis: tuple[tuple[int, int], ...]
    rows: tuple[Row, ...]


def profile(dimensions: Iterable[DimensionResult]) -> Chart:
    """The profile chart of the dimensions in their order."""
    rows = tuple(_row(dimension, _TOP + position * _ROW_STEP) for position, dimension in enumerate(dimensions))
    return Chart(
        height=_TOP + len(rows) * _ROW_STEP,
        axis=tuple((level, _centre(level)) for level in range(1, 6)),
        rows=rows,
    )


def _row(dimension: DimensionResult, y: int) -> Row:
    point = dimension.point if dimension.assessed else None
    return Row(
        dimension=dimension,
        y=y,
        boxes=tuple(Box(level, _left(level), _kind(dimension, level)) for level in range(1, 6)),
        marker_x=None if point is None else _centre(point),
        says=_says(dimension),
    )


def _kind(dimension: DimensionResult, level: int) -> BoxKind:
    if not dimension.assessed:
        return "unknown"
    if level <= dimension.confirmed:
        return "confirmed"
    if level > dimension.possible:
        return "empty"
    unasked = any(cell.level == level and cell.status == "not-assessed" for cell in dimension.cells)
    return "unknown" if unasked else "possible"


def _says(dimension: DimensionResult) -> str:
    name = f"{dimension.code} {dimension.title}"
    if not dimension.assessed:
        return f"{name}: {words.NOT_ASSESSED}. {words.why_not_assessed(dimension)}"
    at_least = f" ({words.AT_LEAST_1})" if words.is_at_least_1(dimension) else ""
    point = "no point estimate" if dimension.point is None else f"point {dimension.point}"
    levels = f"confirmed {dimension.confirmed}{at_least}, possible {dimension.possible}, {point}"
    return f"{name}: {levels}. {words.level_in_words(dimension)}"


def _left(level: int) -> int:
    return _TRACK_X + (level - 1) * _BOX_STEP


def _centre(level: int) -> int:
    return _left(level) + BOX_WIDTH // 2
