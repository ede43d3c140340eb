"""Goes the way of a call, one step at a time, and says what came of each: the driver of the doctor."""

from __future__ import annotations

from dashboard.clock import Clock
from dashboard.dialects.notifications import Notifications
from dashboard.doctor.dialled import Dialled
from dashboard.doctor.followed import Followed
from dashboard.doctor.idle import IdleSearch
from dashboard.doctor.telling import Stopped, Tell
from dashboard.doctor.walk import Options, Walk


async def examine(options: Options, tell: Tell, *, clock: Clock, search: IdleSearch | None = None) -> None:
    """Ask every check in its order and `tell` each answer as it comes; return after the last, or the first failure.

    With `search` the silence that the path of a dialled call bears is looked for at the end; cancelled meanwhile, it
    tells what was found until then.
    """
    walk: Walk
    if isinstance(options.codec, Notifications):
        walk = Followed(options, options.codec, tell, clock)
    else:
        walk = Dialled(options, tell, clock, search)
    try:
        await walk.go()
    except Stopped:
        return
    finally:
        await walk.aclose()
