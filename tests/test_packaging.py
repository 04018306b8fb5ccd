"""What `pip install .` takes along: pyproject.toml names each package and each file beside code."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.emitter.group import ROOT

OWN = ("chatbots", "emitter", "inbox", "webhooks", "templates")


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    read = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return dict(read["tool"]["setuptools"])


def folder_of(package: str, told: dict[str, Any]) -> Path:
    return ROOT / str(told["package-dir"].get(package, package.replace(".", "/")))


def test_every_package_is_named(told: dict[str, Any]) -> None:
    there = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for name in OWN
        for init in (ROOT / name).rglob("__init__.py")
    }
    assert set(told["packages"]) == there | {"emitter.templates"}


def test_every_file_beside_the_code_is_named(told: dict[str, Any]) -> None:
    taken = {
        file
        for package, patterns in told["package-data"].items()
        for pattern in patterns
        for file in folder_of(package, told).glob(pattern)
        if file.is_file()
    }
    there = {
        file
        for name in OWN
        for file in (ROOT / name).rglob("*")
        if file.is_file() and file.suffix not in {".py", ".pyc"}
    }
    assert {str(file.relative_to(ROOT)) for file in there - taken} == set()


def test_pip_is_heard_only_when_it_fails(tmp_path: Path) -> None:
    """With a pip of our own: what it says on the way to success is nobody's business."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "emitter").write_text("#!/bin/sh\n")
    (tmp_path / "lock.txt").write_text("x==1\n")
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    python = binaries / "python"
    for code, heard in ((0, False), (1, True)):
        python.write_text(
            '#!/bin/sh\ncase "$*" in *install*) echo "WARNING: odd index" >&2; '
            f"exit {code};; esac\nexit 0\n"
        )
        python.chmod(0o755)
        (tmp_path / ".venv" / "lock.txt").unlink(missing_ok=True)
        done = subprocess.run(
            ["sh", str(ROOT / ".ci" / "venv"), "lock.txt"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, "odd index" in done.stderr) == (code, heard), done
        assert ("what pip said is above" in done.stderr) == heard
