"""Whatever a folder is called, what belongs into it is written there, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.emitter.group import Up, wait_until
from tests.emitter.test_environment import started
from tests.emitter.test_settings import production

# What has a meaning in a URL, a form's text, a format, a pattern, a shell.
NAMES = [
    *("C#", "c++", "50%41", "q?x=1", "a&b", "a b", "100%", "%s %(x)s {x}", "[a]*", "~", "$HOME"),
    *("file:x", "host:80", "u@h", "a;b", "Größe", "'", "\\"),
]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_the_sandbox_keeps_to_its_var_folder(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) / name for number, name in enumerate(NAMES)]
    ends = started(tmp_path, [{"SANDBOX": "1", "VAR_DIR": str(each / "var")} for each in folders])
    assert ends == [(0, "")] * len(NAMES)
    for folder in folders:
        assert [path.name for path in folder.parent.iterdir()] == [folder.name]
        made = files(folder / "var")
        assert {"emitter.sqlite3", "broker/control", "secret_key"} <= made, folder


def test_a_database_url_names_the_file_that_it_spells(tmp_path: Path) -> None:
    # A + in a path is a +, written so or as %2B.
    spelled = [(name, quote(name, safe="+:@;&='$~*")) for name in NAMES]
    ends = started(
        tmp_path,
        [
            production(DATABASE_URL=f"sqlite:///{tmp_path}/{number}/{url}/data")
            for number, (_, url) in enumerate(spelled)
        ],
    )
    assert ends == [(0, "")] * len(NAMES)
    for number, name in enumerate(NAMES):
        assert files(tmp_path / str(number)) == {name, f"{name}/data"}


@pytest.mark.process
@pytest.mark.thorough
def test_it_all_runs_in_a_folder_with_an_odd_name(tmp_path: Path) -> None:
    var = tmp_path / "C# c++ 50%41 q?x {n} %s [a]* Größe" / "var"
    up = Up(var)
    try:
        up.wait_until_ready()
        wait_until(lambda: any(var.glob("beat-schedule*")), "beat's schedule")
        question = {"chatbotId": up.sandbox["chatbotId"], "question": "I want to talk to a human"}
        key = {"Authorization": f"Bearer {up.sandbox['apiKey']}"}
        assert up.post("/api/v1/chat", json=question, headers=key).status_code == 200
    finally:
        up.stop()
    assert [path.name for path in tmp_path.iterdir()] == [var.parent.name]
    assert [path.name for path in var.parent.iterdir()] == ["var"]
