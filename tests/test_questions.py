"""The questions: their defaults are always valid, and a refusal says what to type instead."""

import keyword
import pkgutil
import re
import sys
import sysconfig
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import copier
import pytest
import yaml
from jinja2 import Environment, FileSystemLoader
from making import REPOSITORY


@pytest.fixture(scope="module")
def names() -> Any:
    """Give the macros that the questions share."""
    environment = Environment(
        loader=FileSystemLoader(REPOSITORY / "includes"),
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        autoescape=False,  # noqa: S701 - as in Copier: what it makes is no web page
    )
    return SimpleNamespace(**vars(environment.get_template("names.jinja").module))


def answer(template: Path, folder: Path, **answers: str) -> dict[str, Any]:
    """Answer the questions, and return all answers; nothing is written."""
    worker = copier.run_copy(
        str(template), folder, answers, defaults=True, pretend=True, quiet=True
    )
    return dict(worker.answers.combined)


def test_there_are_at_most_ten_and_each_has_a_default_and_a_help_text() -> None:
    config = yaml.safe_load((REPOSITORY / "copier.yml").read_text("utf-8"))
    questions = [value for name, value in config.items() if not name.startswith("_")]
    assert 0 < len(questions) <= 10
    assert all({"type", "help", "default"} <= set(value) for value in questions)
    assert all({"validator", "choices"} & set(value) for value in questions)


def test_nothing_needs_trust() -> None:
    config = yaml.safe_load((REPOSITORY / "copier.yml").read_text("utf-8"))
    assert not {"_tasks", "_jinja_extensions", "_migrations"} & set(config)


@pytest.mark.parametrize(
    ("folder", "project", "package"),
    [
        ("my-app", "my-app", "my_app"),
        ("My App 2!", "my-app-2", "my_app_2"),
        ("2048", "2048", "app_2048"),
        ("a.b", "a-b", "a_b"),
        ("class", "class-app", "class_app"),
        ("json", "json-app", "json_app"),
        ("test", "test-app", "test_app"),
        ("click", "click-app", "click_app"),
        ("tests", "tests-app", "tests_app"),
        ("日本語", "my-app", "my_app"),
        ("-_-", "my-app", "my_app"),
        ("a" * 39 + "-b", "a" * 39, "a" * 39),
    ],
)
def test_the_name_comes_from_the_folder_and_is_always_valid(
    template: Path, tmp_path: Path, folder: str, project: str, package: str
) -> None:
    answers = answer(template, tmp_path / folder)
    assert (answers["project_name"], answers["package"]) == (project, package)


@pytest.mark.parametrize(
    ("question", "value", "said"),
    [
        ("project_name", "", "Use letters, digits and '-', .* such as my-app"),
        ("project_name", "My App", "such as my-app"),
        ("project_name", "a/b", "such as a-b"),
        ("project_name", "../x", "such as x"),
        ("project_name", "-app", "such as app"),
        ("project_name", "app\n", "such as app"),
        ("project_name", "uvicorn", "a package that the app needs: .* such as uvicorn-app"),
        ("project_name", "Python-Multipart", "a package that the app needs"),
        ("project_name", "a" * 41, "at most 40 characters"),
        ("package", "", "such as my_app"),
        ("package", "My-App", "such as my_app"),
        ("package", "2fast", "such as app_2fast"),
        ("package", "_x", "such as x"),
        ("package", "größe", "Use small letters"),
        ("package", "a.b", "such as a_b"),
        ("package", "class", "a word of Python: .* such as class_app"),
        ("package", "email", "a module of Python's standard library: .* such as email_app"),
        ("project_name", "test", "a module of Python's standard library: .* such as test-app"),
        ("package", "starlette", "a package that the app needs"),
        ("package", "tests", "something every app has already"),
        ("package", "runtime", "something every app has already"),
        ("package", "a" * 41, "at most 40 characters"),
        ("description", " ", "Type a description: one line"),
        ("description", "two\nlines", "Type a description on one line"),
        ("description", "a\ttab", "Type a description on one line"),
        ("description", "a" * 201, "at most 200 characters"),
        ("author_name", "", "Type a name: one line"),
        ("author_name", "a\u2028b", "Type a name on one line"),
    ],
)
def test_a_bad_answer_is_refused_with_what_to_type(
    template: Path, tmp_path: Path, question: str, value: str, said: str
) -> None:
    with pytest.raises(ValueError, match=f"question '{question}': .*{said}"):
        answer(template, tmp_path / "app", **{question: value})


def test_no_package_may_hide_a_module_of_python(names: Any) -> None:
    # Its own tests are there as well, but not in that list.
    folders = [sysconfig.get_path("stdlib"), sysconfig.get_config_var("DESTSHARED")]
    found = [module.name for module in pkgutil.iter_modules(folders)]
    assert "test" in found
    words = [*sys.stdlib_module_names, *found, *keyword.kwlist]
    assert [word for word in words if not names.package_problem(word)] == []


def test_no_project_may_be_one_of_its_own_dependencies(names: Any) -> None:
    text = (REPOSITORY / "template/pyproject.toml.jinja").read_text("utf-8")
    others = re.findall(r'^    "([a-z0-9-]+)>=', text, re.MULTILINE)
    assert "starlette" in others
    assert "ruff" in others
    assert [other for other in others if not names.project_problem(other)] == []


def test_no_package_may_hide_one_that_the_app_imports(names: Any) -> None:
    modules = ("dotenv", "multipart", "python_multipart", "jinja2", "xdist", "yaml")
    assert [name for name in modules if not names.package_problem(name)] == []
