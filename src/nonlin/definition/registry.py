"""Definitions by name and alias."""

from __future__ import annotations

from typing import Generic, TypeVar

from ..documentation import document
from ..errors import InputError, unknown
from .records import Definition, forget_what_was_made

D = TypeVar("D", bound=Definition)


class Registry(Generic[D]):
    """The definitions of one kind, found by any of their names."""

    def __init__(self, what: str, kind: str) -> None:
        self.what, self.kind = what, kind
        self._definitions: dict[str, D] = {}
        self._names: dict[str, str] = {}  # every name and alias, lower case -> name

    def add(self, definition: D) -> D:
        """Register a definition under its name and aliases; the same module may define it again.

        Raises `InputError` when a name belongs to another definition.
        """
        if definition.name in self._definitions and _redefinition(self._definitions[definition.name], definition):
            self.remove(definition.name)
            forget_what_was_made()
        spellings = [definition.name, *definition.aliases]
        for spelling in spellings:
            owner = self._names.get(spelling.lower())
            if owner is not None:
                raise InputError(f"the {self.what} name {spelling!r} is taken by {owner!r}; choose another")
        definition.__doc__ = document(definition)
        self._names.update({spelling.lower(): definition.name for spelling in spellings})
        self._definitions[definition.name] = definition
        return definition

    def get(self, name: str | D) -> D:
        """The definition of a name or alias; a definition comes back itself."""
        if isinstance(name, Definition):
            if name._registry_name != self.kind:
                raise InputError(f"{name.name!r} is among the {name._registry_name}, not the {self.kind}")
            return name  # type: ignore[return-value]
        if not isinstance(name, str):
            raise InputError(
                f"a name among the {self.kind} must be text, got {name!r}; nonlin.{self.kind}() lists them"
            )
        found = self._names.get(name.lower())
        if found is None:
            raise unknown(self.what, name, self._names, f"see nonlin.{self.kind}() or `nonlin list {self.kind}`")
        return self._definitions[found]

    def remove(self, name: str) -> None:
        """Forget a definition and its aliases."""
        definition = self._definitions.pop(self.get(name).name)
        self._names = {alias: owner for alias, owner in self._names.items() if owner != definition.name}

    def names(self) -> list[str]:
        """The registered names, without aliases, in alphabetical order."""
        return sorted(self._definitions)


def _redefinition(old: Definition, new: Definition) -> bool:
    return (old.name, old.__module__) == (new.name, new.__module__)


activations: Registry = Registry("activation", "activations")
losses: Registry = Registry("loss", "losses")
