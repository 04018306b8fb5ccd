"""Serialisers of .NET, Java, Go, Rust, Swift, C and others."""

from __future__ import annotations

from typing import Final

from webhooks.diagnosis.serialiser import DATA_ALONE, SORTED, TYPED, Serialiser, windows
from webhooks.diagnosis.style import Style

_DROPPED: Final = {"nulls": "dropped"}
_KEPT: Final = {"nulls": "kept"}

_GO: Final = (
    Serialiser(
        "encoding/json of a map",
        "Go",
        Style(order="sorted", escapes="go"),
        {
            "SetEscapeHTML(false)": {"escapes": "go plain"},
            "an Encoder, which ends with a line break": {"end": "\n"},
            "MarshalIndent by two spaces": {"layout": "2"},
            "MarshalIndent by four spaces": {"layout": "4"},
            "MarshalIndent by tabs": {"layout": "tab"},
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "encoding/json of structs",
        "Go",
        Style(escapes="go"),
        {
            "a map as Data": {"order": "inner sorted"},
            "no json tags": {"names": "pascal"},
            "no json tags outside": {"names": "outer pascal"},
            "omitempty": {"nulls": "empty dropped"},
            "omitempty on pointers": _DROPPED,
            "string fields": {"nulls": "absent empty"},
            "pointer fields": {"nulls": "absent null"},
            "the listed fields only": {"nulls": "only known"},
            "time.Time": {"dates": "trimmed"},
            "SetEscapeHTML(false)": {"escapes": "go plain"},
            "an Encoder, which ends with a line break": {"end": "\n"},
            "MarshalIndent by two spaces": {"layout": "2"},
            "MarshalIndent by tabs": {"layout": "tab"},
            **DATA_ALONE,
        },
    ),
)


def _before_1_22(serialiser: Serialiser) -> Serialiser:
    """Older versions write \\b and \\f as \\u0008 and \\u000c."""
    older = {"go": "go 1.21", "go plain": "go plain 1.21"}
    options = {
        name: {field: older.get(choice, choice) for field, choice in changes.items()}
        for name, changes in serialiser.options.items()
    }
    style = serialiser.style._replace(escapes="go 1.21")
    return Serialiser(f"{serialiser.name} before Go 1.22", serialiser.language, style, options)


GO: Final = (*_GO, *map(_before_1_22, _GO))

NET: Final = (
    Serialiser(
        "System.Text.Json",
        "C#",
        Style(escapes="net"),
        {
            "UnsafeRelaxedJsonEscaping": {"escapes": "net relaxed"},
            "JavaScriptEncoder.Create(UnicodeRanges.All)": {"escapes": "net all"},
            "WriteIndented": {"layout": "2"},
            "WriteIndented on Windows": windows("2"),
            "JsonIgnoreCondition.WhenWritingNull": _DROPPED,
            "DateTime": {"dates": "trimmed"},
            "DateTimeOffset": {"dates": "trimmed offset"},
            'ToString("o")': {"dates": "seven digits"},
            "string fields that start empty": {"nulls": "absent empty only"},
            "SortedDictionary": SORTED,
            **TYPED,
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "Newtonsoft.Json",
        "C#",
        Style(escapes="newtonsoft", dates="all: trimmed", numbers="net"),
        {
            "a string as the timestamp, or DateParseHandling.None": {"dates": "kept"},
            "Formatting.Indented, or JObject.ToString()": {"layout": "2"},
            "Formatting.Indented, or JObject.ToString(), on Windows": windows("2"),
            "NullValueHandling.Ignore": _DROPPED,
            "StringEscapeHandling.EscapeHtml": {"escapes": "newtonsoft html"},
            "StringEscapeHandling.EscapeNonAscii": {"escapes": "newtonsoft ascii"},
            "DateTimeOffset": {"dates": "trimmed offset"},
            **TYPED,
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "JavaScriptSerializer, or ConvertTo-Json -Compress of Windows PowerShell,",
        ".NET Framework",
        Style(escapes="net framework"),
        {"a DateTime": {"dates": "microsoft"}, **DATA_ALONE},
    ),
)

JAVA: Final = (
    Serialiser(
        "Gson",
        "Java",
        Style(escapes="gson", nulls="dropped"),
        {
            "serializeNulls()": _KEPT,
            "disableHtmlEscaping()": {"escapes": "lines"},
            "setPrettyPrinting()": {"layout": "2"},
            "FieldNamingPolicy.UPPER_CAMEL_CASE": {"names": "pascal"},
            "FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES": {"names": "snake"},
            "all numbers as doubles": {"numbers": "doubles"},
            "a Date": {"dates": "english"},
            "a Date on Java 8": {"dates": "english java 8"},
            "a Date on Java 20": {"dates": "english java 20"},
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "Jackson",
        "Java",
        Style(escapes="controls upper"),
        {
            "Include.NON_NULL": _DROPPED,
            "Include.NON_EMPTY": {"nulls": "empty dropped"},
            "INDENT_OUTPUT or toPrettyString()": {"layout": "jackson"},
            "INDENT_OUTPUT on Windows": windows("jackson"),
            "ESCAPE_NON_ASCII": {"escapes": "ascii upper but del"},
            "ORDER_MAP_ENTRIES_BY_KEYS": SORTED,
            "a HashMap": {"order": "java"},
            "a Date": {"dates": "milliseconds"},
            "a Date without WRITE_DATES_AS_TIMESTAMPS": {"dates": "milliseconds offset"},
            "a Date in an old version": {"dates": "milliseconds short offset"},
            "an Instant": {"dates": "seconds nine digits"},
            "an Instant without WRITE_DATES_AS_TIMESTAMPS": {"dates": "groups"},
            **TYPED,
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "org.json's JSONObject",
        "Java",
        Style(order="java", escapes="org.json"),
        {"toString(2)": {"layout": "2"}, "toString(4)": {"layout": "4"}, **DATA_ALONE},
    ),
    Serialiser(
        "org.json's JSONObject",
        "Android",
        Style(escapes="slashes"),
        {"toString(2)": {"layout": "2"}, "no nulls": _DROPPED, **DATA_ALONE},
    ),
    Serialiser("json-simple", "Java", Style(order="java", escapes="json-simple"), DATA_ALONE),
    Serialiser(
        "fastjson or fastjson2",
        "Java",
        Style(nulls="dropped"),
        {"a HashMap": {"order": "java"}, "sorted fields": SORTED, **DATA_ALONE},
    ),
    Serialiser(
        "Moshi",
        "Kotlin",
        Style(escapes="lines", nulls="dropped"),
        {"serializeNulls": _KEPT, "all numbers as doubles": {"numbers": "doubles"}, **DATA_ALONE},
    ),
    Serialiser(
        "kotlinx.serialization",
        "Kotlin",
        Style(),
        {
            "prettyPrint": {"layout": "4"},
            "explicitNulls = false, or no encodeDefaults": _DROPPED,
            **TYPED,
            **DATA_ALONE,
        },
    ),
    Serialiser("JSON-B (Yasson)", "Java", Style(order="sorted", nulls="dropped"), DATA_ALONE),
    Serialiser(
        "JsonOutput",
        "Groovy",
        Style(escapes="ascii"),
        {"prettyPrint": {"layout": "4"}, **DATA_ALONE},
    ),
)

OTHERS: Final = (
    Serialiser(
        "serde_json's Value",
        "Rust",
        Style(order="sorted", numbers="short exponent"),
        {"to_string_pretty": {"layout": "2"}, **DATA_ALONE},
    ),
    Serialiser(
        "serde_json of structs",
        "Rust",
        Style(numbers="short exponent"),
        {
            "a Value as data": {"order": "inner sorted"},
            "skip_serializing_if": _DROPPED,
            "chrono": {"dates": "groups"},
            "to_string_pretty": {"layout": "2"},
            **TYPED,
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "JSONSerialization or JSONEncoder with sortedKeys",
        "Swift",
        Style(order="sorted", escapes="slashes"),
        {
            "prettyPrinted": {"layout": "swift"},
            "withoutEscapingSlashes": {"escapes": "javascript"},
            "optionals": _DROPPED,
            "iso8601 dates": {"dates": "seconds"},
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "Jason or Poison",
        "Elixir",
        Style(order="sorted", escapes="controls upper"),
        {
            "pretty: true": {"layout": "2"},
            "escape: :html_safe": {"escapes": "slashes lines controls upper"},
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "clojure.data.json",
        "Clojure",
        Style(escapes="ascii slashes del"),
        {":escape-unicode false": {"escapes": "slashes lines"}, **DATA_ALONE},
    ),
    Serialiser("aeson", "Haskell", Style(order="sorted", escapes="aeson"), DATA_ALONE),
    Serialiser(
        "nlohmann::json",
        "C++",
        Style(order="sorted"),
        {
            "dump(2)": {"layout": "2"},
            "dump(4)": {"layout": "4"},
            "ensure_ascii": {"escapes": "ascii"},
            **DATA_ALONE,
        },
    ),
    Serialiser(
        "RapidJSON",
        "C++",
        Style(escapes="controls upper"),
        {"PrettyWriter": {"layout": "4"}, **DATA_ALONE},
    ),
    Serialiser(
        "JsonCpp",
        "C++",
        Style(order="sorted", escapes="ascii", layout="tab spaced"),
        {
            "emitUTF8": {"escapes": "javascript"},
            "FastWriter": {"layout": "compact", "end": "\n"},
            "no indentation": {"layout": "compact"},
            "StyledWriter": {"layout": "3 spaced", "end": "\n"},
        },
    ),
    Serialiser(
        "QJsonDocument",
        "Qt",
        Style(order="sorted"),
        {"Indented": {"layout": "4", "end": "\n"}, **DATA_ALONE},
    ),
    Serialiser("cJSON_Print", "C", Style(layout="cjson"), DATA_ALONE),
    Serialiser(
        "jansson",
        "C",
        Style(layout="spaced", escapes="controls upper"),
        {
            "JSON_COMPACT": {"layout": "compact"},
            "JSON_SORT_KEYS": SORTED,
            "JSON_ENSURE_ASCII": {"escapes": "ascii upper"},
            "JSON_INDENT(2)": {"layout": "2"},
            "JSON_INDENT(4)": {"layout": "4"},
            **DATA_ALONE,
        },
    ),
    Serialiser("jsonEncode", "Dart", Style(), {"two spaces": {"layout": "2"}, **TYPED}),
    Serialiser("ConvertTo-Json", "PowerShell 7", Style(layout="2", dates="all: trimmed"), {
        "-Compress": {"layout": "compact"},
        "Windows' line breaks": windows("2"),
        "EscapeHandling EscapeNonAscii": {"escapes": "newtonsoft ascii"},
    }),
)  # fmt: skip
