"""Find the mailers: each folder in mailers/ is one."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from ..discovery import Found, find_packages, refuse, takes
from ..errors import MailRefusedError
from .mail import Mail, check_mail


class MailerDefinition(msgspec.Struct, frozen=True):
    """A mailer that was found in mailers/."""

    name: str
    deliver: Callable[..., object]
    """Its `deliver(allocator, mail, params, env)`, called right before the mail is sent."""
    defaults: Mail
    path: Path


def find_mailers(package: str) -> tuple[MailerDefinition, ...]:
    """Return every mailer by the order of their names.

    Raises DiscoveryError naming each folder that is not a mailer and what is wrong with it.
    """
    found = find_packages(package, "mailers")
    refuse([f"{each.path}: {reason}" for each in found for reason in _check(each)])
    return tuple(
        MailerDefinition(
            each.name, each.module.deliver, getattr(each.module, "defaults", Mail()), each.path
        )
        for each in found
    )


def check_deliver(deliver: object) -> Iterator[str]:
    """Yield what keeps a mailer's `deliver` from being called; None is one that is missing."""
    wanted = "deliver(allocator, mail, params, env)"
    if not inspect.isfunction(deliver):
        yield f"has no function {wanted}; a helper's name begins with '_'"
    elif inspect.iscoroutinefunction(deliver):
        yield "deliver is async: write a plain function, it runs in a thread"
    elif not takes(deliver, 4):
        yield f"deliver{inspect.signature(deliver)} must be {wanted}"


def _check(found: Found) -> Iterator[str]:
    yield from check_deliver(getattr(found.module, "deliver", None))
    for name, value in vars(found.module).items():
        if isinstance(value, Mail) and name != "defaults":
            yield f"{name} = Mail(...) has no effect: name it defaults"
    defaults = getattr(found.module, "defaults", Mail())
    if not isinstance(defaults, Mail):
        yield "defaults must be a Mail(...)"
    else:
        try:
            check_mail(defaults)
        except MailRefusedError as error:
            yield f"defaults: {error}"
