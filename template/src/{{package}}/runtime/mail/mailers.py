"""Mails as views, scripts and jobs meet them: filled in, then sent now or by a job."""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Unpack

import msgspec

from ..arena import Arena
from ..errors import MailRefusedError
from ..jobs import ScheduleOptions
from ..params import Params
from .discovery import MailerDefinition
from .job import MAIL_JOB
from .mail import Mail, check_mail
from .transport import Refused, Transport

if TYPE_CHECKING:
    from ..env import JobEnv


class Mailers:
    """All mailers that were detected at startup, and the way their mails go."""

    def __init__(self, definitions: Sequence[MailerDefinition], send: Transport) -> None:
        self.send = send
        """Sends a mail; a test puts another in its place."""
        self._definitions = {each.name: each for each in definitions}

    def __iter__(self) -> Iterator[MailerDefinition]:
        return iter(self._definitions.values())

    def __len__(self) -> int:
        return len(self._definitions)

    def __contains__(self, name: object) -> bool:
        return name in self._definitions

    def draft(self, name: str, given: Mapping[str, object], env: "JobEnv") -> "MailDraft":
        """Return a mail to fill in and deliver; `given` as in `request.mail(name, **given)`.

        Raises MailRefusedError if there is no such mailer, or a field of the mail is of the wrong
        type.
        """
        self._definition(name)
        fields = {key: value for key, value in given.items() if key in Mail.__struct_fields__}
        rest = {key: value for key, value in given.items() if key not in fields}
        for key in ("to", "cc", "bcc"):
            if isinstance(fields.get(key), str):
                fields[key] = [fields[key]]
        try:
            mail = msgspec.convert(fields, Mail)
        except msgspec.ValidationError as error:
            raise MailRefusedError(f"mailer {name!r}: {error}") from None
        return MailDraft(name, mail, Params(rest), env)

    def deliver(
        self,
        name: str,
        mail: Mail,
        params: Params,
        env: "JobEnv",
        *,
        message_id: str | None = None,
        only: Collection[str] = (),
    ) -> Refused:
        """Let the mailer complete the mail, and send it; with `only`, to those of its recipients.

        Returns whom the server refused, while others have got it. Raises MailError, and whatever
        the mailer raises.
        """
        # The two import jinja2 and email, which most commands need not wait for.
        from .mime import compose  # noqa: PLC0415
        from .templates import render  # noqa: PLC0415

        definition = self._definition(name)
        mail = mail.over(definition.defaults)

        def log(error: BaseException) -> None:
            env.logger.opt(exception=error).error("A mailer's release failed")

        with Arena(log) as allocator:
            definition.deliver(allocator, mail, params, env)
            folder = definition.path.parent
            mail.html = render(folder, "html", params) if mail.html is None else mail.html
            mail.text = render(folder, "text", params) if mail.text is None else mail.text
            envelope = compose(name, mail, message_id or secrets.token_hex(16))
            if only:
                recipients = [each for each in envelope.recipients if each in only]
                envelope = msgspec.structs.replace(envelope, recipients=recipients)
            return self.send(envelope)

    def _definition(self, name: str) -> MailerDefinition:
        definition = self._definitions.get(name)
        if definition is None:
            known = ", ".join(self._definitions) or "none yet"
            raise MailRefusedError(f"no mailer is called {name!r}; mailers/ has: {known}")
        return definition


class MailDraft:
    """One mail to be sent: `request.mail("welcome", to=...)` gives it, `deliver()` sends it off."""

    def __init__(self, name: str, mail: Mail, params: Params, env: "JobEnv") -> None:
        self.name = name
        self.mail = mail
        """Its subject, addresses and bodies, as far as they are not left to the mailer."""
        self.params = params
        """What the mailer and its templates receive."""
        self._env = env

    def deliver(
        self,
        how: Literal["background", "now"] = "background",
        **options: Unpack[ScheduleOptions],
    ) -> str | None:
        """Send the mail: by a job, whose id is returned, or now, before this returns None.

        The options are those of a job's `schedule()`, as in `deliver("background", delay=60)`.
        Raises MailRefusedError for what cannot be sent as it is; in the background QueueError,
        and then nothing was scheduled; now MailError, if it could not be sent this time.
        """
        check_mail(self.mail)
        if how == "background":
            mail = msgspec.to_builtins(self.mail)
            job = self._env.job(MAIL_JOB, mailer=self.name, mail=mail, params=self.params)
            return job.schedule(**options)
        if how != "now" or options:
            raise MailRefusedError(f'deliver({how!r}): say "background", with options, or "now"')
        self._env.mailers.deliver(self.name, self.mail, self.params, self._env)
        return None
