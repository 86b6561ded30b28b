"""Find the mailers: each folder in mailers/ is one."""

from pathlib import Path
from typing import Any

import msgspec

from ..discovery import find_packages, refuse


class MailerDefinition(msgspec.Struct, frozen=True):
    """A mailer that was found in mailers/: `deliver(allocator, mail, params, env)`."""

    name: str
    deliver: Any
    path: Path


def find_mailers(package: str) -> tuple[MailerDefinition, ...]:
    """Return every mailer by the order of their names.

    Raises DiscoveryError naming each folder without a function `deliver`.
    """
    found = find_packages(package, "mailers")
    refuse(
        [
            f"{each.path}: has no function deliver(allocator, mail, params, env)"
            for each in found
            if not callable(getattr(each.module, "deliver", None))
        ]
    )
    return tuple(MailerDefinition(each.name, each.module.deliver, each.path) for each in found)
