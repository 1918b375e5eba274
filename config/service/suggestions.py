"""The natures of suggestions, and how long the answer to one may take. Models only. SUG-1."""

from typing import Annotated

from pydantic import Field, model_validator

from config.values.fields import Model, Named, fault

Days = Annotated[int, Field(ge=1, le=365)]


class Nature(Named):
    """What a suggestion is about."""


NATURES = (
    Nature(id="service", title="服务", title_en="Service"),
    Nature(id="facility", title="设施", title_en="Facilities"),
    Nature(id="content", title="内容与活动", title_en="Contents and events"),
    Nature(id="management", title="管理", title_en="Management"),
    Nature(id="other", title="其他", title_en="Other"),
)


class Suggestions(Model):
    """suggestions.yaml. A department decides within `decide_within_days`; after that it is reminded every
    `remind_every_days`. `tell_after_minutes`: so long after the decision the proposer is rung."""

    natures: Annotated[tuple[Nature, ...], Field(min_length=1)] = NATURES
    decide_within_days: Days = 15
    remind_every_days: Days = 3
    tell_after_minutes: Annotated[int, Field(ge=0, le=10080)] = 10

    @model_validator(mode="after")
    def _sound(self) -> "Suggestions":
        ids = [nature.id for nature in self.natures]
        for each in ids:
            if ids.count(each) > 1:
                raise fault(f"nature '{each}' is there twice: remove one or change its id")
        return self
