"""The outermost shape of each file of a site that is a list; site.yaml is `Settings`, menus/*.yaml are `MenuBody`."""

from typing import Annotated

from pydantic import Field

from config.schema import Agent, Line, PromptText, Queue
from config.values.fields import Id, Model


class LinesFile(Model):
    """lines.yaml."""

    lines: Annotated[tuple[Line, ...], Field(min_length=1)]


class QueuesFile(Model):
    """queues.yaml."""

    queues: Annotated[tuple[Queue, ...], Field(min_length=1)]


class AgentsFile(Model):
    """agents.yaml."""

    agents: Annotated[tuple[Agent, ...], Field(min_length=1)]


class PromptsFile(Model):
    """prompts/prompts.yaml."""

    prompts: dict[Id, PromptText]
