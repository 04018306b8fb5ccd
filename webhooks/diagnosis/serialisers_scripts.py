"""Serialisers of JavaScript, Python, PHP, Ruby and Perl, and of command lines and databases."""

from __future__ import annotations

from typing import Final

from webhooks.diagnosis.escapes import PHP_SETS, php_table
from webhooks.diagnosis.serialiser import DATA_ALONE, SORTED, TYPED, Changes, Serialiser
from webhooks.diagnosis.style import Style

_COMPACT: Final = {"layout": "compact"}
_NONE_LEFT_OUT: Final = {"nulls": "dropped"}

JAVASCRIPT: Final = (
    Serialiser(
        "JSON.stringify",
        "JavaScript",
        Style(),
        {
            "an indent of 2": {"layout": "2"},
            "an indent of 4": {"layout": "4"},
            "a tab as its indent": {"layout": "tab"},
            "Object.keys(…).sort() as its second argument": {"order": "outer names"},
            "undefined for what is null": _NONE_LEFT_OUT,
            "a Date's getTime()": {"dates": "milliseconds"},
            "a Date as a string": {"dates": "date"},
            "null ?? ''": {"nulls": "empty"},
            "trim() of each text": {"texts": "trimmed"},
            "express-validator's escape()": {"texts": "html validator"},
            "a filter against XSS (xss, xss-clean)": {"texts": "html angles"},
            "lodash's escape": {"texts": "html short"},
            **TYPED,
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "json-stable-stringify, fast-json-stable-stringify or canonicalize",
        "JavaScript",
        Style(order="sorted"),
        {"an indent of 2": {"layout": "2"}, "no nulls": _NONE_LEFT_OUT, **DATA_ALONE},
    ),
    Serialiser(
        "serialize-javascript", "JavaScript", Style(escapes="serialize-javascript"), DATA_ALONE
    ),
)

_PYTHON: Final = {
    "ensure_ascii=False": {"escapes": "javascript"},
    "separators=(',', ':')": _COMPACT,
    "sort_keys=True": SORTED,
    "indent=2": {"layout": "2"},
    "indent=4": {"layout": "4"},
    "separators=(',', ': ')": {"layout": "colon spaced"},
    "separators=(', ', ':')": {"layout": "comma spaced"},
    "indent=0": {"layout": "0"},
    "indent=1": {"layout": "1"},
    "indent=3": {"layout": "3"},
    "indent='\\t'": {"layout": "tab"},
    "indent=2 and separators=(',', ':')": {"layout": "2 tight"},
    "indent=4 and separators=(',', ':')": {"layout": "4 tight"},
    "datetime.isoformat()": {"dates": "microseconds offset"},
    "isoformat(timespec='milliseconds')": {"dates": "milliseconds offset"},
    "strftime('….%fZ')": {"dates": "six digits"},
    "str(datetime)": {"dates": "spaced offset"},
    "a datetime of pydantic or Django": {"dates": "microseconds"},
    "no None": _NONE_LEFT_OUT,
    "or ''": {"nulls": "empty"},
    "html.escape": {"texts": "html"},
    "strip() of each text": {"texts": "trimmed"},
    "print, which ends with a line break,": {"end": "\n"},
    **TYPED,
    **DATA_ALONE,
}

PYTHON: Final = (
    Serialiser(
        "json.dumps",
        "Python",
        Style(layout="spaced", escapes="ascii", numbers="python"),
        {**_PYTHON, "json.JSONEncoder for HTML": {"escapes": "django script"}},
    ),
    Serialiser(
        "Flask's jsonify",
        "Python",
        Style(order="sorted", escapes="ascii", numbers="python", end="\n"),
        {
            "debug mode": {"layout": "2"},
            "sort_keys = False": {"order": "kept"},
            "ensure_ascii = False": {"escapes": "javascript"},
            "a datetime": {"dates": "http"},
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "orjson or msgspec",
        "Python",
        Style(numbers="short exponent"),
        {
            "OPT_SORT_KEYS": SORTED,
            "OPT_INDENT_2": {"layout": "2"},
            "OPT_APPEND_NEWLINE": {"end": "\n"},
            "a datetime (orjson)": {"dates": "microseconds offset"},
            "a datetime (msgspec, or OPT_UTC_Z)": {"dates": "microseconds"},
            "no None": _NONE_LEFT_OUT,
            **TYPED,
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "pydantic's model_dump_json",
        "Python",
        Style(dates="microseconds", numbers="short exponent"),
        {
            "exclude_none": _NONE_LEFT_OUT,
            "indent=2": {"layout": "2"},
            "a str as the timestamp": {"dates": "kept"},
            **TYPED,
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "ujson",
        "Python",
        Style(escapes="ascii slashes"),
        {
            "ensure_ascii=False": {"escapes": "slashes"},
            "escape_forward_slashes=False": {"escapes": "ascii but del"},
            "encode_html_chars=True": {"escapes": "ascii html slashes"},
            "encode_html_chars=True and ensure_ascii=False": {"escapes": "html slashes"},
            "sort_keys=True": SORTED,
            **{f"indent={size}": {"layout": str(size)} for size in range(1, 9)},
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "rapidjson",
        "Python",
        Style(escapes="ascii upper but del", numbers="python"),
        {
            "ensure_ascii=False": {"escapes": "controls upper"},
            "sort_keys=True": SORTED,
            "indent=2": {"layout": "2"},
            "indent=4 or WM_PRETTY": {"layout": "4"},
            "a datetime": {"dates": "microseconds offset"},
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "simplejson",
        "Python",
        Style(layout="spaced", escapes="ascii", numbers="python"),
        {**_PYTHON, "JSONEncoderForHTML": {"escapes": "ascii html"}},
    ),
    Serialiser(
        "Django REST framework's JSONRenderer",
        "Python",
        Style(escapes="lines", numbers="python"),
        {"COMPACT_JSON off": {"layout": "spaced"}, "UNICODE_JSON off": {"escapes": "ascii"}},
    ),
)

_LEFT: Final = {
    "": "",
    "plain slashes": " | JSON_UNESCAPED_SLASHES",
    "plain letters": " | JSON_UNESCAPED_UNICODE",
    "plain": " | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE",
}


def _hex_flags() -> dict[str, Changes]:
    """Each set of the JSON_HEX flags, as what one would write for it."""
    all_of_them: dict[str, Changes] = {
        f"all JSON_HEX flags{unescaped}": {"escapes": f"php hex {left}".strip()}
        for left, unescaped in _LEFT.items()
    }
    return all_of_them | {
        " | ".join(f"JSON_HEX_{flag}" for flag in flags) + unescaped: {
            "escapes": php_table(flags, left)
        }
        for flags in PHP_SETS
        for left, unescaped in _LEFT.items()
    }


PHP: Final = (
    Serialiser(
        "json_encode",
        "PHP",
        Style(escapes="php", numbers="php plain", nulls="arrays"),
        {
            "JSON_UNESCAPED_SLASHES": {"escapes": "ascii but del"},
            "JSON_UNESCAPED_UNICODE": {"escapes": "slashes lines"},
            "JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE": {"escapes": "lines"},
            "JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_LINE_TERMINATORS": {"escapes": "slashes"},
            "JSON_HEX_TAG and the other JSON_HEX flags (Symfony's JsonResponse)": {
                "escapes": "php hex"
            },
            "JSON_PRETTY_PRINT": {"layout": "4"},
            "JSON_NUMERIC_CHECK": {"texts": "numeric"},
            "FILTER_SANITIZE_FULL_SPECIAL_CHARS or htmlentities": {"texts": "html entities"},
            "FILTER_SANITIZE_SPECIAL_CHARS": {"texts": "html codes"},
            "PHP_EOL at its end": {"end": "\n"},
            "ksort": SORTED,
            "ksort of the outer array": {"order": "outer sorted"},
            "?? ''": {"nulls": "empty"},
            "array_filter": {"nulls": "empty dropped"},
            "Laravel's TrimStrings": {"texts": "trimmed"},
            "Laravel's ConvertEmptyStringsToNull": {"texts": "null"},
            "both of Laravel's middlewares": {"texts": "trimmed null"},
            "htmlspecialchars or esc_html": {"texts": "html php"},
            "strip_tags": {"texts": "tags"},
            "WordPress's sanitize_text_field": {"texts": "tags trimmed"},
            "addslashes or WordPress's slashes": {"texts": "slashes"},
            "objects instead of arrays": {"nulls": "kept"},
            "Carbon": {"dates": "six digits"},
            "format('c')": {"dates": "seconds offset"},
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "json_encode with JSON_HEX flags",
        "PHP",
        Style(escapes="php hex", numbers="php plain", nulls="arrays"),
        {
            **_hex_flags(),
            "JSON_PRETTY_PRINT": {"layout": "4"},
            "objects instead of arrays": {"nulls": "kept"},
            **DATA_ALONE,
        },
    ),
)

RUBY: Final = (
    Serialiser(
        "JSON.generate or to_json",
        "Ruby",
        Style(numbers="ruby"),
        {
            "pretty_generate": {"layout": "ruby"},
            "script_safe": {"escapes": "slashes lines"},
            "ascii_only": {"escapes": "ascii but del"},
            "sort.to_h": {"order": "outer sorted"},
            "sort.to_h at each level": SORTED,
            "compact": _NONE_LEFT_OUT,
            "puts, which ends with a line break,": {"end": "\n"},
            "a Time": {"dates": "ruby"},
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "to_json of Rails",
        "Ruby",
        Style(escapes="rails", numbers="ruby"),
        {"compact": _NONE_LEFT_OUT, "sorting": SORTED, **DATA_ALONE},
    ),
)

PERL: Final = (
    Serialiser(
        "JSON::PP, JSON::XS or Cpanel::JSON::XS with canonical",
        "Perl",
        Style(order="sorted", numbers="python"),
        {
            "a recent version": {"escapes": "del"},
            "ascii": {"escapes": "ascii but del"},
            "pretty": {"layout": "3 spaced", "end": "\n"},
            "indent": {"layout": "3 tight", "end": "\n"},
            "indent and space_after": {"layout": "3", "end": "\n"},
            "space_after": {"layout": "colon spaced"},
            "latin1": {"escapes": "beyond latin-1", "encoding": "latin-1"},
            **DATA_ALONE,
        },
    ),
)

TOOLS: Final = (
    Serialiser(
        "jq",
        "shell",
        Style(layout="2", escapes="del", numbers="python", end="\n"),
        {
            "-c": _COMPACT,
            "-S": SORTED,
            "-a": {"escapes": "ascii"},
            "--tab": {"layout": "tab"},
            **{f"--indent {size}": {"layout": str(size)} for size in (1, 3, 4, 5, 6, 7)},
            "-j, or $(…)": {"end": ""},
            ".data": {"part": "data"},
        },
    ),
    Serialiser(
        "python -m json.tool",
        "shell",
        Style(layout="4", escapes="ascii", numbers="python", end="\n"),
        {
            "--no-ensure-ascii": {"escapes": "javascript"},
            "--sort-keys": SORTED,
            "--compact": _COMPACT,
            "--indent 2": {"layout": "2"},
            "--tab": {"layout": "tab"},
            "--no-indent": {"layout": "spaced"},
            "$(…)": {"end": ""},
        },
    ),
    Serialiser(
        "jsonb or a JSON column",
        "PostgreSQL, MySQL",
        Style(order="length", layout="spaced"),
        {"jsonb_pretty": {"layout": "4"}, **DATA_ALONE},
    ),
)
