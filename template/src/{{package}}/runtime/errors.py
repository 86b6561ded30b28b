"""Every error that the runtime raises on purpose.

Each message is one line that says what was wrong, where, and what to do: the command line
prints it as it stands, and a view turns it into an answer.
"""

from datetime import timedelta


class AppError(Exception):
    """Base of the errors below. Its text is fit to be shown to whoever ran the command."""


class SettingsError(AppError):
    """The environment or `.env` holds a setting that cannot be used; lists every problem."""


class DiscoveryError(AppError):
    """A job, view or mailer module cannot be used; names each file and the reason."""


class UnknownJobError(AppError):
    """A job was asked for by a name that no file in jobs/ has; lists the names there are."""


class InvalidParamsError(AppError):
    """Data cannot be kept as JSON; names the key's path."""


class InvalidValueError(InvalidParamsError):
    """The same of what the app's own code gave to the store: no client can have sent it."""


class InvalidOptionError(AppError):
    """An option of a job or of `schedule()` cannot be used; names it."""


class HookError(AppError):
    """`around_job` in config.py returned without running the job."""


class QueueError(AppError):
    """The queue cannot do what was asked now; nothing was accepted."""


class StoreError(AppError):
    """The store or cache cannot do what was asked now.

    Nothing was changed, but for a server whose answer got lost: then nobody knows.
    """


class StoreMisuseError(StoreError):
    """The store or cache was asked for what it never does; says what it takes."""


class InvalidKeyError(StoreMisuseError):
    """A text cannot be a key: it is empty, too long, or has a character that cannot be printed."""


class ArenaClosedError(AppError):
    """A job's arena was used after that run of the job had ended."""


class MutexError(AppError):
    """The mutex was released by one who does not hold it, or taken twice by one who does."""


class MutexTimeoutError(MutexError):
    """The mutex was not free within the time allowed."""


class MailError(AppError):
    """A mail could not be sent this time; says what the server, or the way to it, answered."""


class MailRefusedError(MailError):
    """A mail cannot be sent as it is, however often it is tried; says what is missing or wrong."""


class GenerateError(AppError):
    """A generator refuses a name, or finds a file in its way; nothing was written."""


class RequestError(AppError):
    """A request cannot be answered as asked. A view may raise it: the client is told the text."""

    def __init__(self, message: str, status: int = 400):
        super().__init__(message)
        self.status = status


def text_of(error: BaseException) -> str:
    """Return the text of an error of the app's own code, whose `__str__` may fail too."""
    try:
        return str(error)
    except BaseException:  # noqa: BLE001 - it may raise anything
        return "its text cannot be shown, as its __str__ fails"


class Retry(Exception):  # noqa: N818 - a job raises it as a word, not as a failure
    """Raise in a job to have it run again, spending this attempt.

    `after` is the delay in seconds or a timedelta; without it the job's own backoff decides.
    """

    def __init__(
        self, reason: str = "the job asked to be retried", *, after: float | timedelta | None = None
    ):
        super().__init__(reason)
        self.after = after


class Cancel(Exception):  # noqa: N818 - as above
    """Raise in a job to end it as cancelled; it is not retried."""

    def __init__(self, reason: str = "the job cancelled itself"):
        super().__init__(reason)


class JobTimeout(BaseException):
    """Raised in a run that has taken longer than its job's `timeout`.

    Not an Exception, so that a job that catches those does not catch this by chance.
    """
