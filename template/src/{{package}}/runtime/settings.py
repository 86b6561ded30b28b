"""Read the settings from the environment and `.env`, and check all before anything starts.

A setting's variable is its field's name in capitals, but for APP_ENV. Each description below says
what to write; it ends the error line when something else was written.
"""

import difflib
import inspect
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Enum, StrEnum
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import msgspec
from dotenv.parser import parse_stream
from msgspec import Meta
from msgspec import inspect as shapes

from .errors import SettingsError, text_of
from .hint import meant


class Environment(StrEnum):
    """Where the app runs."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    """The lowest level that is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """How a log line is written."""

    HUMAN = "human"
    JSON = "json"


class MailDelivery(StrEnum):
    """Where mails go."""

    LOG = "log"
    SMTP = "smtp"


class SmtpSecurity(StrEnum):
    """How the connection to the mail server is encrypted."""

    STARTTLS = "starttls"
    """From the first command on, before user and password; the usual way, on port 587."""
    TLS = "tls"
    """From the start, on port 465."""
    NONE = "none"
    """Not at all, on port 25."""


Seconds = Annotated[float, Meta(ge=0, le=86400, description="seconds from 0 to 86400")]
Lease = Annotated[float, Meta(ge=1, le=86400, description="seconds from 1 to 86400")]
Age = Annotated[float, Meta(ge=0, le=10**10, description="seconds, as in 86400 for a day")]
Queues = Annotated[
    str,
    Meta(
        # First: no name comes twice.
        pattern=r"\A(?!(?:.*,)?\s*([^\s:]+):.*,\s*\1:)"
        r"(\s*(\*|[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}):[0-9]{1,3}\s*(,(?!\s*\Z)|\Z))*\Z",
        description="queues, each once, and how many threads from 0 to 999 each has, as in "
        "reports:2,mail:4",
    ),
]
_HERE = r"memory:|sqlite:([^/:]|/[^/]).*"
_FILE = "memory:, a file as in sqlite:var/name.db or sqlite:/whole/path/name.db"
_SERVER = (
    r"(valkey|redis)s?://([^@/?#\s]*@)?(\[[\da-fA-F:.]+\]|[^@:/?#\s\[\]]+)(:\d{1,5})?(/\d{1,4})?"
)
Secret = Annotated[
    str, Meta(min_length=32, description="at least 32 characters, as `generate secret` prints them")
]
Password = Annotated[str, Meta(min_length=12, description="at least 12 characters")]
Url = Annotated[
    str,
    Meta(
        pattern=rf"\A({_HERE}|postgres(ql)?://[^/?#\s]+/[^/?#\s]+(\?\S*)?)\Z",
        description=f"{_FILE}, or a database as in "
        "postgresql://user:password@localhost:5432/name, where a / in the password is %2F",
    ),
]

StoreUrl = Annotated[
    str,
    Meta(
        pattern=rf"\A({_HERE}|{_SERVER})\Z",
        description=f"{_FILE}, or a server as in "
        "valkey://:password@localhost:6379/0, where a / in the password is %2F",
    ),
]
DEVELOPMENT_SECRET = "development only, known to everybody"  # noqa: S105 - as it says
"""What SECRET is when it is not set; production refuses it."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process; defaults that depend on the environment are in DEFAULTS.

    Subclass it to add your own typed fields: they are read from their variables likewise, and one
    without a default must be set. A Path is taken from the project folder. The items of a tuple, a
    list or a set are written with commas between them, or as JSON; a dict is written as JSON.
    """

    root: Path
    """The project folder."""
    environment: Environment = Environment.DEVELOPMENT
    """APP_ENV: development, testing or production."""
    secret: Secret = DEVELOPMENT_SECRET
    """Signs sessions: who knows it can forge them. Production must set it."""
    secret_old: Secret = ""
    """The secret before this one: what it has signed still counts."""
    session_age: Age = 14 * 86_400.0
    """Seconds for which a session is kept after its last use: two weeks."""
    dashboard_user: Annotated[
        str, Meta(pattern=r"\A[^:\s]+\Z", description="a name without a colon")
    ] = "admin"
    dashboard_password: Password = ""
    """Lets in to /_jobs and /_metrics; without it they are closed but on this machine itself."""
    bind: Annotated[str, Meta(pattern=r"\A[^\s/]+\Z", description="an address, as in 0.0.0.0")] = (
        "127.0.0.1"
    )
    """The address on which the server listens."""
    port: Annotated[int, Meta(ge=0, le=65535, description="a number from 0 to 65535")] = 8080
    """The port on which the server listens; 0 lets the system choose."""
    threads: Annotated[int, Meta(ge=0, le=1000, description="a number from 0 to 1000")] = 10
    """How many jobs run at once in this process; 0 runs none."""
    jobs_queues: Queues = ""
    """Queues with threads of their own, as in `reports:2,mail:4`; the others share THREADS, or what
    `*:8` says. A queue with 0 is left to other processes."""
    log_level: LogLevel = LogLevel.INFO
    log_format: LogFormat = LogFormat.HUMAN
    """json writes one object a line."""
    log_file: Path | None = None
    """The file to which the log goes as well as to stderr."""
    error_log_file: Path | None = None
    """The file to which errors go besides."""
    log_file_limit: Annotated[
        int, Meta(ge=0, description="bytes, as in 50000000; 0 for no limit")
    ] = 50_000_000
    """Bytes after which a log file is put aside under its date, and a new one begun."""
    log_files_kept: Annotated[int, Meta(ge=1, le=1000, description="a number from 1 to 1000")] = 5
    """How many of a log file's earlier ones are kept."""
    jobs_url: Url = "sqlite:var/queue.db"
    store_url: StoreUrl = "sqlite:var/store.db"
    cache_url: StoreUrl = "memory:"
    store_timeout: Annotated[
        float, Meta(ge=0.01, le=300, description="seconds from 0.01 to 300")
    ] = 5.0
    """Seconds to wait for the server of store or cache, if they are on one."""
    mail_delivery: MailDelivery = MailDelivery.LOG
    """Whether mails are written to the log or sent by SMTP."""
    smtp_host: str | None = None
    smtp_port: Annotated[int, Meta(ge=0, le=65535, description="a number from 0 to 65535")] = 0
    """The port of the mail server; 0 takes the usual one of `smtp_security`."""
    smtp_security: SmtpSecurity = SmtpSecurity.STARTTLS
    """How the connection is encrypted; with starttls and tls the server's certificate counts."""
    smtp_user: str | None = None
    smtp_password: str | None = None
    jobs_backoff: Seconds = 10.0
    """Seconds before a job's second attempt; each later delay is three times the one before."""
    jobs_params_limit: Annotated[
        int, Meta(ge=2, le=2**30, description="bytes from 2 to 1073741824")
    ] = 1_048_576
    """The size in bytes that a job's params may have as JSON."""
    jobs_grace: Seconds = 25.0
    """Seconds that running jobs have to end when the server stops: below the 30 that usual
    supervisors wait before they kill."""
    jobs_lease: Lease = 30.0
    """Seconds without a sign of life after which a process counts as hung, and others take its
    jobs. One that was killed is noticed at once, and one that is only busy within these is not."""
    jobs_keep_completed: Age = 86_400.0
    """Seconds for which completed jobs are kept: a day."""
    jobs_keep_failed: Age = 30 * 86_400.0
    """Seconds for which failed and cancelled jobs are kept: 30 days."""
    jobs_keep_most: Annotated[int, Meta(ge=0, description="a number of jobs")] = 1_000_000
    """How many are kept of each of these states, whatever their age."""
    jobs_any_filesystem: Annotated[bool, Meta(description="0 or 1")] = False
    """Whether production may keep the queue where files are forgotten or cannot be locked."""

    def __repr__(self) -> str:
        """Hide what is secret, as this may get into a log."""
        return f"{type(self).__name__}({', '.join(describe(self))})"

    def kept(self, state: str) -> tuple[float, int]:
        """Return for how many seconds jobs of a final state are kept, and how many at most."""
        completed = state == "completed"
        age = self.jobs_keep_completed if completed else self.jobs_keep_failed
        return age, self.jobs_keep_most

    def thread_counts(self) -> dict[str, int]:
        """Return how many threads each queue has, and all others as `*`; none if THREADS is 0."""
        if not self.threads:
            return {}
        pairs = (each.strip().split(":") for each in self.jobs_queues.split(",") if each.strip())
        return {"*": self.threads, **{name: int(count) for name, count in pairs}}


DEFAULTS: dict[str, dict[str, object]] = {
    Environment.DEVELOPMENT: {"log_level": "DEBUG", "jobs_backoff": 1, "jobs_grace": 2},
    Environment.TESTING: {
        "jobs_url": "memory:",
        "store_url": "memory:",
        "jobs_backoff": 1,
        "jobs_grace": 0.5,
    },
    Environment.PRODUCTION: {"mail_delivery": "smtp"},
}

NEAR = 0.85
"""How much of two names must be the same for one to be taken for the other, misspelt."""

USER_IN_URL = re.compile(r"(://[^:/@]*:).*@")

PLAIN: dict[type[shapes.Type], str] = {
    shapes.BoolType: "true or false",
    shapes.IntType: "a whole number",
    shapes.FloatType: "a number",
}
"""What to write for types that say nothing of it themselves."""


def load_settings(
    root: Path,
    environ: Mapping[str, str],
    overrides: Mapping[str, object] | None = None,
    kind: type[Settings] = Settings,
) -> Settings:
    """Return a `kind` of settings: `overrides` by field name, over `environ`, over `root`/.env.

    An empty variable counts as unset, and so does an override of None. Raises SettingsError with
    one line for each problem there is. Nothing is written to os.environ.
    """
    problems: list[str] = []
    texts: dict[str, object] = dict(_read_env_file(root / ".env", problems))
    texts |= {variable: text for variable, text in environ.items() if text}
    for name, value in (overrides or {}).items():
        if name not in kind.__struct_fields__:
            near = meant(name, {*kind.__struct_fields__} - {"root"})
            problems.append(f"{name}: there is no such setting{near}")
        elif value is not None:
            texts[_variable(name)] = value
    mode = texts.get("APP_ENV", Environment.DEVELOPMENT)
    defaults = DEFAULTS.get(mode, {}) if isinstance(mode, str) else {}
    # A subclass that gives a field again changes its default, not what may be written.
    types = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    subclasses = kind.__mro__[: kind.__mro__.index(Settings)]
    again = {name for each in subclasses for name in inspect.get_annotations(each)}
    values: dict[str, Any] = {"root": root}

    def build(unknown: Any, text: object) -> object:
        # What msgspec does not know: a Path, or a class of the app's own.
        value = unknown(text)
        return root / value if isinstance(value, Path) else value

    try:
        fields = msgspec.structs.fields(kind)
    except Exception as error:
        # An annotation is code, and may raise anything.
        told = f"{type(error).__name__}: {text_of(error)}"
        raise SettingsError(f"{kind.__module__}.{kind.__qualname__}: {told}") from error
    for field in fields:
        variable = _variable(field.name)
        default = None if field.name in again else defaults.get(field.name)
        several = isinstance(field.default, tuple | frozenset)
        items = field.default if several else (field.default,)
        if default is None and any(isinstance(item, Path) for item in items):
            default = field.default
        given = texts.get(variable, default)
        if field.name == "root" or (given is None and not field.required):
            continue
        wanted = types.get(field.name, field.type)
        try:
            value = _split(given, wanted) if isinstance(given, str) else given
            values[field.name] = msgspec.convert(value, wanted, strict=False, dec_hook=build)
        except (ValueError, RecursionError) as error:
            problems.append(_explain(variable, given, wanted, error))
    # Not so a default in config.py: a secret in the code is none.
    secret = texts.get("SECRET", DEVELOPMENT_SECRET)
    if values.get("environment") is Environment.PRODUCTION and secret == DEVELOPMENT_SECRET:
        problems.append(f"SECRET: not set; write what `{_command()} generate secret` prints")
    if problems:
        raise SettingsError("\n".join(problems))
    return kind(**values)


def describe(settings: Settings) -> Iterator[str]:
    """Give each setting as `NAME=value`, with secrets, and passwords in addresses, hidden."""
    for name in settings.__struct_fields__:
        variable, text = _variable(name), _written(getattr(settings, name))
        if text == DEVELOPMENT_SECRET:
            text = "(not set: one that everybody knows)"
        elif text and sounds_secret(variable):
            text = "(hidden)"
        yield f"{variable}={text}"


def _written(value: object) -> str:
    """Return a value as it is written in a variable, with what is secret in it hidden."""
    match value:
        case None:
            return ""
        case tuple() | list() | set() | frozenset():
            items = [_written(each) for each in value]
            plain = all(item and "," not in item and item == item.strip() for item in items)
            return ",".join(items) if plain else json.dumps(items)
        case dict():
            shown = {key: "(hidden)" if sounds_secret(str(key)) else value[key] for key in value}
            return USER_IN_URL.sub(r"\1(hidden)@", json.dumps(shown, default=str))
        case Enum():
            return _written(value.value)
        case _:
            return USER_IN_URL.sub(r"\1(hidden)@", str(value))


def sounds_secret(name: str) -> bool:
    """Say whether the value of what is called so is not to be shown: `API_KEY`, `password`."""
    return any(word in name.upper() for word in ("SECRET", "PASSWORD", "TOKEN", "KEY"))


def find_misspelt(settings: Settings) -> Iterator[str]:
    """Yield a line for each variable of .env that is nearly a setting; others are the owner's."""
    known = [_variable(name) for name in settings.__struct_fields__]
    path = settings.root / ".env"
    for name, _ in _read_env_file(path, []):
        if name not in known and (meant := _nearest(name.upper(), known)):
            yield f"{path}: {name} is no setting: did you mean {meant}?"


def find_misspelt_queues(settings: Settings, of_jobs: Collection[str]) -> Iterator[str]:
    """Yield a line for each queue of JOBS_QUEUES that is nearly one that jobs' options name.

    Who has both in JOBS_QUEUES means both.
    """
    counts = settings.thread_counts()
    for name in sorted(counts.keys() - of_jobs - {"*"}):
        if near := _nearest(name, sorted(each for each in of_jobs if each not in counts)):
            told = f"JOBS_QUEUES names the queue {name!r}, and no job's options do"
            yield f"{told}: did you mean {near!r}?"


def _nearest(name: str, known: Iterable[str]) -> str | None:
    # Two letters that changed places count for more than they are in a short name.
    swapped = [each for each in known if sorted(each) == sorted(name)]
    return next(iter(swapped or difflib.get_close_matches(name, known, 1, NEAR)), None)


def database_path(url: str, root: Path) -> Path | None:
    """Return the file of a `sqlite:` URL, taken from `root` if relative; None for all others."""
    scheme, _, place = url.partition(":")
    return root / place if scheme == "sqlite" else None


def jobs_server(url: str) -> str | None:
    """Return the host, port and database of a `postgresql:` URL; None for all others."""
    scheme, _, place = url.partition("://")
    if not scheme.startswith("postgres"):
        return None
    return place.rpartition("@")[2].partition("?")[0]


def _variable(name: str) -> str:
    return "APP_ENV" if name == "environment" else name.upper()


def _command() -> str:
    """Return what the app's command line is called; it takes some time."""
    package = __name__.partition(".")[0]
    for script in metadata.entry_points(group="console_scripts"):
        if script.value == f"{package}.__main__:main":
            return script.name
    return f"python -m {package}"


def _read_env_file(path: Path, problems: list[str]) -> Iterator[tuple[str, str]]:
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return
    except UnicodeDecodeError as error:
        problems.append(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8")
    except OSError as error:
        problems.append(f"{path}: cannot be read ({error.strerror}); mend or remove it")
    else:
        for line in parse_stream(io.StringIO(text)):
            if line.error:
                problems.append(f"{path}:{line.original.line}: not a setting; write NAME=value")
            elif line.key and line.value:
                yield line.key, line.value


def _shape(kind: Any) -> shapes.Type:
    """Return what a type is, without Annotated and None."""
    found = kind if isinstance(kind, shapes.Type) else shapes.type_info(kind)
    if isinstance(found, shapes.Metadata):
        return _shape(found.type)
    if isinstance(found, shapes.UnionType):
        others = [each for each in found.types if not isinstance(each, shapes.NoneType)]
        return _shape(others[0]) if len(others) == 1 else found
    return found


def _split(text: str, kind: Any) -> object:
    """Return what is in the text of a list or the like; other text as it is."""
    if not isinstance(_shape(kind), shapes.CollectionType | shapes.TupleType | shapes.DictType):
        return text
    if text.lstrip().startswith(("[", "{")):
        return msgspec.json.decode(text)
    return [item for each in text.split(",") if (item := each.strip())]


def _describe_type(kind: Any, told: str) -> str:
    """Return what to write for a type; "" where `told`, which is msgspec's, says more."""
    match _shape(kind):
        case shapes.EnumType(cls=choices):
            return _either(each.value for each in choices)
        case shapes.LiteralType(values=values):
            return _either(values)
        case shapes.DictType(value_type=item):
            how = 'JSON as in {"name": ...}'
        case shapes.CollectionType(item_type=item):
            how = "items with commas between them"
        case other:
            return PLAIN.get(type(other), "")
    if each := _describe_type(item, told):
        return f"{how}, each {each}"
    return "" if " - at `" in told else how


def _either(values: Iterable[object]) -> str:
    *most, last = map(str, values)
    return f"{', '.join(most)} or {last}" if most else last


def _explain(variable: str, given: object, kind: Any, error: Exception) -> str:
    metas = [meta for meta in getattr(kind, "__metadata__", ()) if isinstance(meta, Meta)]
    hints = [meta.description for meta in metas if meta.description]
    told = str(error)
    # Not where the type is right, and the value too large or the like.
    if not hints and (", got `" in told or "enum value" in told):
        hints = [words] if (words := _describe_type(kind, told)) else []
    advice = f"write {hints[0]}" if hints else told
    if not isinstance(error, msgspec.ValidationError):
        advice = f"begins like JSON, and is none: {told}"
    if given is None:
        return f"{variable}: not set; {advice if hints else 'it has no default'}"
    text = str(given)
    shown = repr(USER_IN_URL.sub(r"\1(hidden)@", text))
    # An address that is written wrong may have its password anywhere before the @; ada@b.c is none.
    address = variable.endswith("_URL") or ":" in text or "/" in text
    unclear = address and "@" in text and not USER_IN_URL.search(text)
    if unclear or sounds_secret(variable) or ("{" in text and sounds_secret(text)):
        shown = "(not shown)"
    return f"{variable}={shown}: {advice}"
