"""Apps to test: each is made once a session from the tree as it stands, uncommitted work too."""

import os
import platform
import re
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from history import read_releases
from making import ANSWERS, App, copy_tree, make_app


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test-all` ask for more, and name the Pythons on which the apps are tested."""
    parser.addoption("--all", action="store_true", help="also the matrix, and every release")
    parser.addoption("--pythons", default="", help="interpreters, with spaces between them")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `app` on each set of answers, and one of `owner` by each release."""
    if "app" in metafunc.fixturenames:
        metafunc.parametrize(
            "app",
            [pytest.param(kind, marks=pytest.mark.xdist_group(kind)) for kind in _kinds(metafunc)],
            indirect=True,
            scope="session",
        )
    if "python" in metafunc.fixturenames:
        pythons = metafunc.config.getoption("--pythons").split() or [sys.executable]
        metafunc.parametrize("python", pythons, ids=_name_python)
    if "other_python" in metafunc.fixturenames:
        pythons = metafunc.config.getoption("--pythons").split() or [sys.executable]
        here = platform.python_version()
        others = [each for each in pythons if _name_python(each) != here] or pythons
        metafunc.parametrize("other_python", others, ids=_name_python)
    if "owner" in metafunc.fixturenames:
        releases = read_releases()[0 if metafunc.config.getoption("--all") else -1 :]
        owners = [(kind, release) for release in releases for kind in ANSWERS]
        names = [f"{kind} {release.version}" for kind, release in owners]
        metafunc.parametrize(
            "owner",
            [
                pytest.param(owner, marks=pytest.mark.xdist_group(name))
                for owner, name in zip(owners, names, strict=True)
            ],
            ids=names,
            indirect=True,
            scope="session",
        )


def _kinds(metafunc: pytest.Metafunc) -> list[str]:
    """Return the sets of answers for a test: what the docs show is about `my-app`."""
    return ["default"] if metafunc.definition.get_closest_marker("my_app") else list(ANSWERS)


def _name_python(python: str) -> str:
    """Name an interpreter by its version, which is a folder of its path where pyenv keeps it."""
    return next((part for part in Path(python).parts if re.match(r"\d+\.\d+", part)), "here")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow tests to `make test-all`."""
    if not config.getoption("--all"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what is skipped in CI: there it means that something was not installed."""
    report = yield
    if report.skipped and "CI" in os.environ:
        report.outcome = "failed"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix, the walk, how fast pages are, and what is to be installed (skipped)."""
    table = []
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "matrix":
                table.append(value)
            if name == "walk":
                terminalreporter.section("a newcomer's walk")
                terminalreporter.write_line("\n".join(value))
            for line in value if name in {"pages", "skipped"} else ():
                terminalreporter.write_line(f"{report.nodeid}: {line}")
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        terminalreporter.write_line(f"{report.nodeid}: {reason}")
    if table:
        terminalreporter.section("matrix")
    for version, what, passed, seconds in sorted(table):
        terminalreporter.write_line(
            f"{version:<8} {what:<60} {passed:>4} tests passed, {seconds:5.1f} s"
        )


@pytest.fixture(scope="session", autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the developer's own settings of Copier and git out of the tests."""
    settings = tmp_path_factory.mktemp("settings") / "copier.yml"
    settings.write_text("{}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPIER_SETTINGS_PATH", str(settings))
        patch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        for who in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{who}_NAME", "Test")
            patch.setenv(f"GIT_{who}_EMAIL", "test@example.invalid")
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a plain copy of this repository's tree, without its history."""
    return copy_tree(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def app(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> App:
    """Give an installed app, which a test must leave as it is."""
    return make_app(template, tmp_path_factory.mktemp("apps"), request.param)


@pytest.fixture
def workshop(app: App, tmp_path: Path) -> App:
    """Give a copy of the app's tree, which a test may change."""
    return app.copy(tmp_path / "workshop")
