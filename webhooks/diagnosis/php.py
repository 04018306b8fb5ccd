"""What PHP's serialize() and var_export() make of parsed JSON, as PHP 7.1 and newer have it."""

from __future__ import annotations

import re
from typing import Any

from webhooks.diagnosis import numbers
from webhooks.diagnosis.json_tree import Number
from webhooks.diagnosis.way import utf8


def text_serialized(text: str) -> str:
    """A string; its length is in bytes."""
    return f's:{len(utf8(text))}:"{text}";'


def serialized(value: Any, *, objects: bool = False) -> str:
    """`objects`: JSON's objects as stdClass, as json_decode gives them by itself."""
    if isinstance(value, str):
        return text_serialized(value)
    if isinstance(value, Number):
        text = numbers.rewritten(value.text, "php plain").upper()
        return f"i:{text};" if re.fullmatch(r"-?\d+", value.text) else f"d:{text};"
    if isinstance(value, dict | list):
        items = list(value.items() if isinstance(value, dict) else enumerate(value))
        as_object = objects and isinstance(value, dict)
        inner = "".join(
            _key(key, as_object=as_object) + serialized(item, objects=objects)
            for key, item in items
        )
        kind = 'O:8:"stdClass"' if as_object else "a"
        return f"{kind}:{len(items)}:{{{inner}}}"
    return "N;" if value is None else f"b:{int(value)};"


def exported(value: Any, pad: str = "") -> str:
    """var_export(…, true) of arrays."""
    if isinstance(value, str):
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        return "'" + quoted.replace("\0", "' . \"\\0\" . '") + "'"
    if isinstance(value, Number):
        return numbers.rewritten(value.text, "php").upper()
    if isinstance(value, dict | list):
        inner = f"{pad}  "
        lines = []
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            start = f"\n{inner}" if isinstance(item, dict | list) else ""
            name = key if isinstance(key, int) or _is_index(key) else exported(key)
            lines.append(f"{inner}{name} => {start}{exported(item, inner)},\n")
        return f"array (\n{''.join(lines)}{pad})"
    return "NULL" if value is None else "true" if value else "false"


def exported_objects(value: Any, pad: str = "") -> str:
    """var_export(…, true) of stdClass objects, as json_decode gives them by itself (PHP 7.3)."""
    if not isinstance(value, dict | list):
        return exported(value)
    inner, is_object = f"{pad}  ", isinstance(value, dict)
    lines = []
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        start = f"\n{inner}" if isinstance(item, dict | list) else ""
        name = f" {exported(key)}" if isinstance(key, str) else str(key)
        lines.append(f"{inner}{name} => {start}{exported_objects(item, inner)},\n")
    return f"{'(object) array(' if is_object else 'array ('}\n{''.join(lines)}{pad})"


def _is_index(key: str) -> bool:
    """Whether PHP makes a number of an array's key."""
    return re.fullmatch(r"0|-?[1-9]\d{0,17}", key) is not None


def _key(key: str | int, *, as_object: bool) -> str:
    if isinstance(key, int) or (not as_object and _is_index(key)):
        return f"i:{key};"
    return text_serialized(key)
