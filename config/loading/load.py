"""Loads a site (adapter): `check_site` shows faults to a command, `load_site` gives the system a sound site.

The files are validated one by one, and each against the names that all of them declare, so that a fault in one place
never hides another. Milestone B7; design section 5 (`sanxiang check`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from config.calls.actions import Menu, MenuBody
from config.loading.crosscheck import SiteSources, cross_faults, declared_names
from config.loading.dial_faults import dial_faults
from config.loading.files import AgentsFile, LinesFile, PromptsFile, QueuesFile
from config.loading.prompt_files import english_faults, prompt_file_faults
from config.loading.source import Fault as Fault
from config.loading.source import Mark, Source
from config.loading.wording import faults_of
from config.loading.yaml_source import read_yaml
from config.schema import Prompt, Settings, Site
from config.service.accounts import Accounts
from config.service.audit import Audit
from config.service.bookings import Bookings
from config.service.channels import Channels
from config.service.knowledge import Knowledge
from config.service.matters import Matters
from config.service.outbox import Outbox
from config.service.policy import Policy, PolicyFile, PresetFile, Regulation
from config.service.privacy import Privacy
from config.service.quality import Quality
from config.service.reports import Reports
from config.service.suggestions import Suggestions
from config.values.fields import Declared, Model

M = TypeVar("M", bound=Model)
PRESETS = Path(__file__).parents[1] / "presets"

OPTIONAL_FILES: Mapping[str, tuple[str, type[Model]]] = {
    "matters": ("matters.yaml", Matters),
    "accounts": ("accounts.yaml", Accounts),
    "channels": ("channels.yaml", Channels),
    "quality": ("quality.yaml", Quality),
    "knowledge": ("knowledge.yaml", Knowledge),
    "suggestions": ("suggestions.yaml", Suggestions),
    "reports": ("reports.yaml", Reports),
    "bookings": ("bookings.yaml", Bookings),
    "outbox": ("outbox.yaml", Outbox),
    "privacy": ("privacy.yaml", Privacy),
    "audit": ("audit.yaml", Audit),
}
"""Field of `Site` → the file it is read from, when the site has one; else the model's defaults hold."""


class SiteFaults(Exception):
    """A site that cannot be used; `faults` has every reason, sorted by file, line and column."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


def load_site(directory: Path) -> Site:
    """The site in a directory. Raises SiteFaults with all faults."""
    faults, site = check_site(directory)
    if site is None:
        raise SiteFaults(faults)
    return site


def check_site(directory: Path) -> tuple[list[Fault], Site | None]:
    """All faults of a site, sorted; the site when there are none, else None. Reads files, changes nothing."""
    faults: list[Fault] = []
    sources = _read(directory, faults)
    checked = _Checked(declared_names(sources), faults)
    settings = checked.model(sources.settings, Settings)
    lines = checked.model(sources.lines, LinesFile)
    queues = checked.model(sources.queues, QueuesFile)
    agents = checked.model(sources.agents, AgentsFile)
    prompts = checked.model(sources.prompts, PromptsFile)
    menus = {name: checked.model(source, MenuBody) for name, source in sources.menus.items()}
    written = directory / "policy.yaml"
    policy = _policy(written if written.exists() else PRESETS / "default.yaml", checked)
    optional = {field: _optional(directory / name, model, checked) for field, (name, model) in OPTIONAL_FILES.items()}
    faults += cross_faults(sources)
    faults += prompt_file_faults(sources.prompts, directory / "prompts")
    faults += english_faults(sources.prompts, sources.menus.values())
    if faults or not (settings and lines and queues and agents and prompts and policy):
        return sorted(set(faults)), None
    site = Site.model_validate(
        {
            **_fields(settings),
            **optional,
            "directory": directory,
            "policy": policy,
            "lines": lines.lines,
            "queues": queues.queues,
            "agents": agents.agents,
            "menus": tuple(Menu.model_validate({"id": name, **_fields(body)}) for name, body in menus.items() if body),
            "prompts": {
                name: Prompt.model_validate({"id": name, **_fields(text)}) for name, text in prompts.prompts.items()
            },
        }
    )
    never_dialled = sorted(dial_faults(sources.settings, site.outbound_rule))
    return never_dialled, None if never_dialled else site


def _read(directory: Path, faults: list[Fault]) -> SiteSources:
    def read(*parts: str) -> Source:
        source, found = read_yaml(directory.joinpath(*parts))
        faults.extend(found)
        return source

    menu_files = sorted(path.name for path in (directory / "menus").glob("*.yaml"))
    if not menu_files:
        faults.append(
            Source(str(directory / "menus")).fault(Mark(), "missing menus: write at least one menus/<id>.yaml")
        )
    return SiteSources(
        settings=read("site.yaml"),
        lines=read("lines.yaml"),
        queues=read("queues.yaml"),
        agents=read("agents.yaml"),
        prompts=read("prompts", "prompts.yaml"),
        menus={name.removesuffix(".yaml"): read("menus", name) for name in menu_files},
        matters=read_yaml(matters)[0] if (matters := directory / "matters.yaml").exists() else None,
    )


def _optional(path: Path, model: type[Model], checked: "_Checked") -> Model | None:
    """What the file says, or the defaults when there is no such file; None when it has faults."""
    if not path.exists():
        return model()
    source, found = read_yaml(path)
    checked.faults.extend(found)
    return checked.model(source, model)


def load_policy(file: Path) -> Policy:
    """A regulation by itself, with its presets. Raises SiteFaults with all faults, OSError when there is no file."""
    file.stat()
    faults: list[Fault] = []
    policy = _policy(file, _Checked(Declared(), faults))
    if policy is None or faults:
        raise SiteFaults(sorted(set(faults)))
    return policy


def _policy(path: Path, checked: "_Checked") -> Policy | None:
    """A regulation with its presets; a site that has none goes by the three lines' rules."""
    written, found = read_yaml(path)
    checked.faults.extend(found)
    file = checked.model(written, PolicyFile)
    if file is None:
        return None
    presets = {}
    for name in dict.fromkeys(name for version in file.versions for name in version.presets):
        source, unreadable = read_yaml(PRESETS / f"{name}.yaml")
        checked.faults.extend(unreadable)
        presets[name] = checked.model(source, PresetFile)
    regulations = []
    for version in file.versions:
        clauses = [clause for name in version.presets if (preset := presets[name]) for clause in preset.clauses]
        by_id = {clause.id: clause for clause in (*clauses, *version.clauses)}
        regulations.append(Regulation(in_force_from=version.in_force_from, clauses=by_id))
    return Policy(working_time=file.working_time, versions=tuple(regulations))


@dataclass(frozen=True)
class _Checked:
    """Validates files against what the whole site declares, and collects the faults."""

    declared: Declared
    faults: list[Fault]

    def model(self, source: Source, model: type[M]) -> M | None:
        if not source.readable:
            return None
        try:
            return model.model_validate(source.tree.plain(), context=self.declared)
        except ValidationError as exc:
            errors = exc.errors(include_url=False)
            self.faults.extend(faults_of(errors, source.tree, source.file, model))
            return None


def _fields(model: Model) -> dict[str, object]:
    """A model's parts as they are (not turned into dictionaries)."""
    return {name: getattr(model, name) for name in type(model).model_fields}
