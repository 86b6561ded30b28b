"""What a job gets as `params`: a dict with two ways to ask for what may not be there."""

from typing import Any, TypeVar, overload

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


def _has_type(value: object, wanted: type[Any]) -> bool:
    if isinstance(value, bool):
        return wanted in {bool, object}
    if wanted is float:
        return isinstance(value, float | int)
    return isinstance(value, wanted)
