"""Made-up answers for the scripted model."""

from __future__ import annotations

import datetime
import enum
import uuid
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from docsum_nb.crew.scripted_model import made_up_answer


class Color(enum.Enum):
    RED = "red"


class Leaf(BaseModel):
    kind: Literal["leaf"]
    color: Color


class Everything(BaseModel):
    """A model with a field of every kind that a schema can say."""

    name: Annotated[str, Field(min_length=12, max_length=14)]
    short: Annotated[str, Field(max_length=3)]
    count: Annotated[int, Field(ge=3, lt=5)]
    share: Annotated[float, Field(gt=0, le=1)]
    sure: bool
    nothing: None
    leaf: Leaf
    leaves: Annotated[list[Leaf], Field(min_length=2)]
    pair: tuple[int, str]
    either: int | str
    perhaps: Leaf | None
    when: datetime.datetime
    day: datetime.date
    id: uuid.UUID
    table: dict[str, int]
    given: str = "as it is"


@pytest.mark.parametrize("kind", [Everything, Leaf])
def test_made_up_answer_fits_and_is_the_same_each_time(kind: type[BaseModel]) -> None:
    """What is made up is accepted by the model it was made up for."""
    text = made_up_answer(kind)
    assert text == made_up_answer(kind)
    assert kind.model_validate_json(text)
