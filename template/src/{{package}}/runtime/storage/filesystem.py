"""File systems that forget what they were given, or cannot lock it: no place for a queue.

A container's own files go with the container; on a network SQLite's locks and its shared memory
do not hold. Both seem well for weeks, and then acknowledged jobs are gone.
"""

import re
from pathlib import Path

from ..errors import QueueError

FORGETS = frozenset({"aufs", "devtmpfs", "overlay", "ramfs", "rootfs", "tmpfs"})
CANNOT_LOCK = frozenset(
    {
        *("9p", "afs", "beegfs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "ncpfs"),
        *("nfs", "nfs4", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs"),
    }
)

_OCTAL = re.compile(r"\\([0-7]{3})")


def check_filesystem(path: Path) -> None:
    """Raise QueueError if jobs in a file at `path` would not be safe, by /proc/self/mountinfo.

    Where there is no such file (outside Linux) any place is accepted.
    """
    try:
        mountinfo = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return
    # The folder, links followed: there the journal lies, even if the file itself is a mount.
    kind = find_type(path.resolve().parent, mountinfo)
    if reason := weakness(kind):
        raise QueueError(
            f"{path}: its file system ({kind}) {reason}: point JOBS_URL at a mounted volume or a "
            f"local disk, or set JOBS_ANY_FILESYSTEM=1 to accept that jobs may be lost"
        )


def find_type(path: Path, mountinfo: str) -> str:
    """Return the type of the file system on which a path is or would be; "" if unknown.

    `path` is absolute and free of links; `mountinfo` is in the format of proc(5).
    """
    depth, found = 0, ""
    for line in mountinfo.split("\n"):
        mount, _, source = line.partition(" - ")
        if len(fields := mount.split(" ")) > 4 and source:
            point = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), fields[4]))
            # The longest one; of equals the last, which is mounted over the others.
            if path.is_relative_to(point) and len(point.parts) >= depth:
                depth, found = len(point.parts), source.split(" ")[0]
    return found


def weakness(kind: str) -> str:
    """Return what is wrong with a type of file system, as the end of a sentence; "" if nothing."""
    if kind in FORGETS:
        return "forgets its files when the container or the machine ends"
    # Programs of all sorts stand behind FUSE: few of them lock as a local disk does.
    if kind in CANNOT_LOCK or kind.partition(".")[0] == "fuse":
        return "does not lock files as SQLite needs it"
    return ""
