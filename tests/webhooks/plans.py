"""Whether a plan of PostgreSQL's reads what has piled up, or only the rows that it is about."""

from __future__ import annotations

import re


def assert_no_history_is_read(
    plan: str, *, tables: str = "webhooks_delivery|chatbots_event"
) -> None:
    """Each reading of the tables that grow has a condition that its index finds rows by."""
    scan = re.compile(rf"(?:Scan|Scan using \w+) on (?:{tables})\b")
    lines = [*plan.split("\n"), ""]
    for place, line in enumerate(lines):
        if scan.search(line) and "Bitmap" not in line:
            assert re.search(r"(Index|TID) Cond: ", lines[place + 1]), plan
    assert "Seq Scan on" not in plan, plan
