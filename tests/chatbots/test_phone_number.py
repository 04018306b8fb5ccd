"""Phone numbers as WhatsApp has them."""

from __future__ import annotations

import pytest

from chatbots.phone_number import international


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+12025550100", "+12025550100"),
        (" +1 (202) 555-0100 ", "+12025550100"),
        ("0049 151/234.567–89", "+4915123456789"),
        ("+86\u00a0138 0013 8000", "+8613800138000"),
    ],
)
def test_what_people_write_becomes_international(written: str, number: str) -> None:
    assert international(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        "0151 2345678",
        "2025550100",
        "+1",
        "+" + "1" * 16,
        "+0123456789",
        "+1 call me",
        "+١٢٣٤٥٦٧٨",
    ],
)
def test_what_has_no_country_code_or_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="with its country code"):
        international(written)
