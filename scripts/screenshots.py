"""Make the pictures of the dashboard for the docs with Chromium: `make screenshots`."""

import subprocess
import sys
import tempfile
from pathlib import Path

from browser import CHROMIUM, DESKTOP, INSTALL, PHONE, opened, served
from making import REPOSITORY, App, copy_tree, render
from playwright.sync_api import Browser

FILL = Path(__file__).with_suffix("") / "fill.py"
PICTURES = REPOSITORY / "docs" / "pictures"
SIZES = {"desktop": DESKTOP, "phone": PHONE}
MOST = 150_000
"""Bytes of a picture: it is cloned by all who clone the template."""

RECURRING = {
    "nightly_report": 'cron="0 3 * * *", timezone="Europe/Berlin"',
    "purge_carts": 'cron="*/15 * * * *"',
}
JOB = """\
from corner_shop.runtime import JobOptions

options = JobOptions({options})


def run(allocator, params, env):
    pass
"""


def main() -> int:
    """Make an app, fill its queue, and take its pictures; return the exit code."""
    if CHROMIUM is None:
        print(INSTALL, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="chuckwalla-") as folder, opened() as browser:
        app = make_shop(Path(folder))
        failed = app.run("python", str(FILL)).stdout.strip()
        paths = {"overview": "", "failed-job": f"/job/{failed}", "failed-jobs": "/list/failed"}
        PICTURES.mkdir(exist_ok=True)
        with served(app, threads=0) as (address, _):
            for name, path in paths.items():
                for size in SIZES:
                    take(browser, f"{address}/_jobs{path}", size, PICTURES / f"{name}-{size}.png")
    return 0


def make_shop(folder: Path) -> App:
    """Make an app called Corner Shop from the tree as it stands, with recurring jobs."""
    answers = {"project_name": "corner-shop"}
    app = render(copy_tree(folder / "template"), folder, answers, sys.executable)
    for name, options in RECURRING.items():
        path = app.root / "src" / app.package / "jobs" / f"{name}.py"
        path.write_text(JOB.format(options=options))
    return app


def take(browser: Browser, address: str, size: str, picture: Path) -> None:
    """Take one picture of what fits the screen. Raises SystemExit if it is too large a file."""
    page = browser.new_page(viewport=SIZES[size], color_scheme="light")
    page.goto(address)
    page.screenshot(path=picture)
    page.close()
    print(f"{picture.relative_to(REPOSITORY)}: {picture.stat().st_size // 1000} kB")
    if picture.stat().st_size > MOST:
        sys.exit(f"{picture}: larger than {MOST // 1000} kB")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (AssertionError, subprocess.SubprocessError) as error:
        sys.exit(str(error))
