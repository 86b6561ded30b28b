"""When a recurring job is due: five fields as in crontab, or six with seconds in front.

cronsim reads them, as Debian's cron does, clock changes included: a job of 02:30 runs once in the
night that has 02:30 twice, and at 03:00 in the night that has none; one of every hour runs in each.
"""

import math
from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from .errors import InvalidOptionError


def check_cron(expression: object, zone: object) -> None:
    """Raise InvalidOptionError unless both can be used, and some day is a day of it."""
    if not isinstance(zone, str) or not zone or not _is_zone(zone):
        raise InvalidOptionError(f"timezone={zone!r}: use a name such as 'UTC' or 'Europe/Berlin'")
    try:
        found = isinstance(expression, str) and next_tick(expression, zone, 0.0) < math.inf
    except CronSimError as error:
        raise InvalidOptionError(f"cron={expression!r}: {error}; {_HELP}") from None
    if not found:
        raise InvalidOptionError(f"cron={expression!r}: no day is like that; {_HELP}")


_HELP = "use five fields, as in '0 3 * * *' for every day at 03:00"


def next_tick(expression: str, zone: str, after: float) -> float:
    """Return the first tick after `after`, both in UTC seconds; infinity if there is none."""
    local = datetime.fromtimestamp(after, ZoneInfo(zone))
    for tick in CronSim(expression, local):
        # In the hour that comes twice, the first one's ticks are found again.
        if (seconds := tick.timestamp()) > after:
            return seconds
    return math.inf


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True
