"""What the studio has in hand: settings, templates and store as their files have them, or as they last were good.

files ──► reload ──► Setup (and the other one)  ──► look
                └──► trouble, until it is mended
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from newsletter.config import Config, load
from newsletter.demo import example_path, sample_edition
from newsletter.errors import ConfigError, NewsletterError, Problem, StoreError, TemplateError, UsageError
from newsletter.models import Edition
from newsletter.preview.material import Material, Papers
from newsletter.preview.setup import Look, Setup
from newsletter.preview.trouble import Trouble, What, trouble_of
from newsletter.preview.wanted import Wanted
from newsletter.preview.watched import Watched
from newsletter.render import Templates, compile_templates
from newsletter.render.files import template_root
from newsletter.store import Store
from newsletter.weights import Weights
from newsletter.weights import load as load_weights


class Desk:
    """The settings of `path`, and of `against` if two are compared; without a `path` the example's subscribers.

    Opening it never fails for what people write: the example stands in for settings that do not load, and `trouble`
    says why. Not for several threads at once.
    """

    def __init__(self, path: Path | None, *, against: Path | None = None, environment: Mapping[str, str]) -> None:
        self.path, self.against = path, against
        self.revision = 1
        self._environment = environment
        self._troubles: dict[tuple[What, bool], Trouble] = {}
        self._setups: dict[bool, Setup] = {}
        self._watched: dict[bool, Watched] = {}
        self._last: dict[bool, Wanted] = {}
        self._load(other=False)
        if against is not None:
            self._load(other=True)

    @property
    def setup(self) -> Setup:
        """Return the configuration, the last that loaded."""
        return self._setups[False]

    @property
    def trouble(self) -> Trouble | None:
        """Return what stands in the way of the newest state of the files, the settings' own first."""
        order = (What.SETTINGS, What.TEMPLATE, What.DATA, What.PROGRAM)
        found = [told for what in order for other in (False, True) if (told := self._troubles.get((what, other)))]
        return found[0] if found else None

    def look(self, wanted: Wanted) -> Look:
        """Return what is wanted as it would be sent; UsageError for what there is not, TemplateError if it fails."""
        found = self.setup_of(wanted).look(wanted)
        self._last[wanted.other] = wanted
        return found

    def setup_of(self, wanted: Wanted) -> Setup:
        """Return the configuration that is asked for; UsageError where there is no second one."""
        if wanted.other not in self._setups:
            raise UsageError("there is one configuration only; compare it with another by --against FILE")
        return self._setups[wanted.other]

    def trouble_with(self, error: NewsletterError) -> Trouble:
        """Return what an error that comes up while an issue is made says to who writes the files."""
        return trouble_of(error, What.PROGRAM, folders=self._folders(self.setup.config))

    def reload(self, what: Collection[What]) -> None:
        """Read again what changed; what does not load leaves the last good state, and is `trouble`."""
        self.revision += 1
        for other in list(self._setups):
            if What.SETTINGS in what:
                self._load(other=other)
            elif What.DATA in what:
                self._renew(other=other)
            if What.TEMPLATE in what and What.SETTINGS not in what:
                self._compile(other=other)

    def close(self) -> None:
        """Close the stores."""
        for store in {id(setup.material.store): setup.material.store for setup in self._setups.values()}.values():
            if store is not None:
                store.close()

    # ------------------------------------------------------------------ what is watched

    def watched(self) -> frozenset[Path]:
        """Return every folder whose files matter."""
        return frozenset(folder for each in self._watched.values() for folder in each.folders())

    def kind_of(self, path: Path) -> What | None:
        """Return what a changed file means, None for one that does not matter."""
        return next((kind for each in self._watched.values() if (kind := each.kind_of(path))), None)

    # ------------------------------------------------------------------ reading

    def _load(self, *, other: bool) -> None:
        """Read the settings again, and all that hangs on them."""
        path = self.against if other else self.path
        self._troubles = {key: told for key, told in self._troubles.items() if key[1] != other}
        try:
            config = self._config(path)
        except ConfigError as error:
            self._troubles[What.SETTINGS, other] = trouble_of(error, What.SETTINGS)
            if other in self._setups:
                return
            known = (path,) if path else ()
            config = replace(self._config(None), files=known, folders=tuple(each.parent for each in known))
        self._watched[other] = Watched(
            settings=config.files if path is not None else (),
            folders=config.folders if path is not None else (),
            templates=self._folders(config),
            database=config.store_file,
        )
        templates = self._templates(config, other=other)
        before = self._setups.get(other)
        made = self._made(config, templates or self._stand_in(before), before, other=other)
        if templates and not self._proven(made, other=other):
            made = Setup(made.material, self._stand_in(before), before=before)
        self._setups[other] = made

    def _config(self, path: Path | None) -> Config:
        if path is not None and not path.exists():
            way_out = "it was there; put it back, or write one with `newsletter init`"
            raise ConfigError((Problem(str(path), 1, 1, f"there is no such file; {way_out}"),))
        return load(path or example_path(), environment=self._environment, sending=False)

    def _compile(self, *, other: bool) -> None:
        """Read the templates again; the groundwork stays."""
        self._troubles.pop((What.TEMPLATE, other), None)
        setup = self._setups[other]
        if templates := self._templates(setup.config, other=other):
            made = Setup(setup.material, templates, before=setup)
            if self._proven(made, other=other):
                self._setups[other] = made

    def _proven(self, made: Setup, *, other: bool) -> bool:
        """Return whether what was looked at last can be shown: some mistakes come up only when a template is filled."""
        try:
            made.look(self._last.get(other, Wanted(other=other)))
        except TemplateError as error:
            told = trouble_of(error, What.TEMPLATE, folders=self._folders(made.config))
            self._troubles[What.TEMPLATE, other] = told
            return False
        except NewsletterError:  # a reader who is gone: the page is told when it asks
            return True
        return True

    def _templates(self, config: Config, *, other: bool) -> Templates | None:
        try:
            return compile_templates(config.templates, look=config.issue.look)
        except TemplateError as error:
            self._troubles[What.TEMPLATE, other] = trouble_of(error, What.TEMPLATE, folders=self._folders(config))
        except OSError as error:  # taken away while it was read
            self._troubles[What.TEMPLATE, other] = trouble_of(error, What.TEMPLATE)
        return None

    def _stand_in(self, before: Setup | None) -> Templates:
        """Return the last templates that were good, at first those that ship."""
        return before.templates if before else compile_templates()

    def _renew(self, *, other: bool) -> None:
        """Forget what was read from the store, and open it anew where it is another file by now."""
        self._troubles.pop((What.DATA, other), None)
        before = self._setups[other]
        made = self._made(before.config, before.templates, before, other=other, renewed=True)
        try:
            _ = made.material.papers.days
        except StoreError as error:  # damaged where it lies
            self._troubles[What.DATA, other] = trouble_of(error, What.DATA)
            return
        self._setups[other] = made

    def _made(
        self, config: Config, templates: Templates, before: Setup | None, *, other: bool, renewed: bool = False
    ) -> Setup:
        store = self._store(config, before, other=other)
        papers = before.material.papers if before else None
        if papers is None or papers.store is not store or renewed:
            papers = Papers(store, weights=lambda: self._weights, sample=lambda: self._sample)
        return Setup(Material(config, papers), templates, before=before)

    def _store(self, config: Config, before: Setup | None, *, other: bool) -> Store | None:
        """Return the store of these settings if there is one, the open one while it is the same file."""
        known = before.material.store if before else None
        if known is not None and known.url == config.store and known.is_current:
            return known
        if not other and known is not None:
            known.close()
        neighbour = self._setups.get(not other)
        shared = neighbour.material.store if neighbour else None
        if shared is not None and shared.url == config.store and shared.is_current:
            return shared
        if not config.has_store:
            return None
        try:
            return Store.open(config.store)
        except StoreError as error:
            self._troubles[What.DATA, other] = trouble_of(error, What.DATA)
            return None

    # ------------------------------------------------------------------ what is there once

    @cached_property
    def _weights(self) -> Weights:
        return load_weights()

    @cached_property
    def _sample(self) -> Edition:
        return sample_edition()

    def _folders(self, config: Config) -> list[Path]:
        """Return where templates are looked for, the user's own first; those that ship change in a checkout alone."""
        shipped = template_root()
        own = [config.templates] if config.templates else []
        return [*own, *([shipped] if isinstance(shipped, Path) else [])]
