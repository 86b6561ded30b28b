"""What a job gets as `params`: a dict with two ways to ask for what may not be there, or a class.

The class is the job's own, made from JobParams and named in `run`'s annotation:

    class Params(JobParams):
        upload: str
        minimum: int = 1
"""

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform, overload

import msgspec

from .errors import InvalidOptionError, InvalidParamsError, text_of
from .hint import meant

T = TypeVar("T")


class Params(dict[str, Any]):
    """The data given at scheduling. It is a dict: `params["key"]`, `in`, `items()`.

    Null is a value, None; a missing key is not there at all.
    """

    @overload
    def get(self, key: str, default: Any = None) -> Any: ...
    @overload
    def get(self, key: str, *, type: type[T]) -> T | None: ...
    def get(self, key: str, default: Any = None, *, type: type[Any] | None = None) -> Any:  # noqa: A002
        """Return the value, or `default` if the key is missing, as a dict does.

        With `type`, return the value if it has that type and otherwise None. A bool is no int; an
        int is taken for a float.
        """
        value = super().get(key, default)
        return value if type is None or _has_type(value, type) else None

    def chain(self, *keys: str | int) -> Any:
        """Return what is found by walking down, as in `chain("user", "tags", 0)`, else None."""
        value: Any = self
        for key in keys:
            match value, key:
                case dict(), str() if key in value:
                    value = value[key]
                case list(), int() if -len(value) <= key < len(value):
                    value = value[key]
                case _:
                    return None
        return value

    def put(self, key: str, value: object) -> None:
        """Set a key; the same as `params[key] = value`."""
        self[key] = value

    if not TYPE_CHECKING:  # which would take any name then

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(f"a param is set by its key: params[{name!r}] = ...")


if TYPE_CHECKING:
    # Frozen as its base is: msgspec's own declaration would have each class say so again.
    @dataclass_transform(
        frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,)
    )
    class JobParams:
        """Typed params. They are checked when the job is scheduled, unknown keys included."""

        __struct_encode_fields__: ClassVar[tuple[str, ...]]

        def __init_subclass__(cls, **options: Any) -> None: ...
else:

    class _ByName(type(msgspec.Struct)):
        # msgspec takes it for the fields of one class, and not of those that are made from it.
        def __new__(cls, *args: Any, **options: Any) -> Any:
            return super().__new__(cls, *args, **{"kw_only": True, **options})

    class JobParams(msgspec.Struct, metaclass=_ByName, frozen=True, forbid_unknown_fields=True):
        """Typed params. They are checked when the job is scheduled, unknown keys included."""


NO_PARAMS = "params: {} is neither the runtime's Params nor a class made from JobParams"
"""What is wrong with an annotation of `run` that is something else."""


def params_type(run: Callable[..., object]) -> type[JobParams] | None:
    """Return the JobParams class that `run` takes as its params; None for plain Params.

    Raises InvalidOptionError if the annotation is something else.
    """
    names = list(inspect.signature(run).parameters)
    kind = typing.get_type_hints(run).get(names[1], Params) if len(names) > 1 else Params
    if isinstance(kind, type) and issubclass(kind, JobParams):
        return kind
    if kind not in (Params, Any, dict) and typing.get_origin(kind) is not dict:
        told = kind.__name__ if isinstance(kind, type) else repr(kind)
        raise InvalidOptionError(NO_PARAMS.format(told))
    return None


def check_params(kind: type[JobParams], params: Mapping[str, Any]) -> JobParams:
    """Return the params as their class. Raises InvalidParamsError naming the field."""
    try:
        return msgspec.convert(params, kind)
    except msgspec.ValidationError as error:
        told = str(error).replace("`$.", "`")
        for key in unknown_keys(kind, params):
            if f"unknown field `{key}`" in told:
                told += meant(key, kind.__struct_encode_fields__)
        raise InvalidParamsError(f"params: {told}") from None
    except Exception as error:  # a __post_init__ is the app's own, and may raise anything
        told = f"{type(error).__name__}: {text_of(error)}"
        raise InvalidParamsError(f"params: {told}") from error


def unknown_keys(kind: type[JobParams], params: Mapping[str, Any]) -> set[str]:
    """Return the keys that the class does not have: left from an earlier version of the job."""
    return params.keys() - set(kind.__struct_encode_fields__)


def _has_type(value: object, wanted: type[Any]) -> bool:
    if isinstance(value, bool):
        return wanted in {bool, object}
    if wanted is float:
        return isinstance(value, float | int)
    return isinstance(value, wanted)
