"""Serialisers of JavaScript, Python, PHP, Ruby and Perl, and of command lines and databases."""

from __future__ import annotations

from typing import Final

from webhooks.diagnosis.serialiser import DATA_ALONE, SORTED, TYPED, Serialiser
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
            "sort_keys=True": SORTED,
            "indent=2": {"layout": "2"},
            "indent=4": {"layout": "4"},
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
            "--indent 4": {"layout": "4"},
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
