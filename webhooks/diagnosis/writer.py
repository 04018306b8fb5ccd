"""Writes one JSON value in any style, each distinct text once, and says how a style shows in it.

What makes no difference for this very value (an order where the keys are sorted, an escape for a
letter that it has not) is the default: so that a style is told by what shows of it alone.
"""

from __future__ import annotations

from typing import Any, Final

from webhooks.diagnosis import cleaning, dates, encodings, escapes, shape, style_words
from webhooks.diagnosis.budget import Budget
from webhooks.diagnosis.json_tree import Number, strings
from webhooks.diagnosis.layout import BREAK, LAYOUTS, MARKS, PLUS, QUOTE, TAB, laid_out
from webhooks.diagnosis.style import JAVASCRIPT, Style

# From this many different characters on, one pass over the text is quicker than one for each.
_MANY: Final = 24
# Characters of one such pass between two looks at the clock.
_SLICE: Final = 10_000
# Characters of laid out texts that are kept for other escapes.
_MAX_KEPT: Final = 2_000_000

_OF_DATES: Final = frozenset("+/")

Pairs = tuple[tuple[str, str], ...]


class Unwritable(ValueError):
    """A value that cannot be marked up, or a part that it has not."""


class Writer:
    """Writes `value`. Raises Unwritable where it holds the marks that are worked with.

    Its methods raise Spent when the budget is, before they do anything that takes long.
    """

    def __init__(self, value: Any, budget: Budget) -> None:
        self.value = value
        self._budget = budget
        texts = strings(value)
        self.characters = frozenset("".join(texts))
        if self.characters & MARKS:
            raise Unwritable
        self._kept = max(8, _MAX_KEPT // (1 + sum(map(len, texts))))
        self._shapes: dict[Style, Any] = {}
        self._texts: dict[tuple[Style, str], str] = {}
        self._pairs: dict[tuple[str, frozenset[str]], Pairs] = {}
        # The choice that stands for all of the same effect.
        self._first: dict[tuple[object, ...], str] = {}
        self._outer = tuple(value) if isinstance(value, dict) else ()
        self._has_numbers = _has_number(value)

    # ------------------------------------------------------------ what shows

    def plain(self, style: Style) -> Style:
        """`style` with everything that makes no difference here as JavaScript has it."""
        part: tuple[str, ...] | str = "" if style.part == self._outer else style.part
        return Style(
            part,
            self._shown("order", style.order, part),
            self._shown("nulls", style.nulls, part),
            self._shown("dates", style.dates, part),
            self._shown("numbers", style.numbers, part) if self._has_numbers else "kept",
            self._layout(style.layout, part),
            self._table(style),
            style.end,
            style.encoding,
            self._shown("names", style.names, part),
            self._shown("texts", style.texts, part),
        )

    def _table(self, style: Style) -> str:
        """The first table that replaces the same."""
        if style.escapes == JAVASCRIPT.escapes:
            return style.escapes
        brought = self._brought(style)
        key = ("table", style.escapes, brought)
        if key not in self._first:
            pairs = self.pairs(style)
            if pairs == self.pairs(style._replace(escapes=JAVASCRIPT.escapes)):
                self._first[key] = JAVASCRIPT.escapes
            else:
                self._first[key] = self._first.setdefault(
                    ("escapes", brought, pairs), style.escapes
                )
        return self._first[key]

    def _shown(self, field: str, choice: str, part: tuple[str, ...] | str) -> str:
        """The first choice of a field that has this one's effect: "kept" if it has none."""
        if choice == "kept":
            return choice
        key = (field, part, choice)
        if key not in self._first:
            base = Style(part=part)
            made = self._id(base._replace(**{field: choice}))
            if made is None or made == self._id(base):
                self._first[key] = "kept"
            else:
                self._first[key] = self._first.setdefault((field, part, made), choice)
        return self._first[key]

    def _layout(self, layout: str, part: tuple[str, ...] | str) -> str:
        if layout == "compact":
            return layout
        key = ("layout", part, layout)
        if key not in self._first:
            base = Style(part=part)
            made, plain = self._id(base, layout), self._id(base)
            if made is None or made == plain:
                self._first[key] = "compact"
            else:
                line_break = LAYOUTS[layout].line_break
                self._first[key] = self._first.setdefault(
                    ("layout", part, made, line_break), layout
                )
        return self._first[key]

    def _id(self, style: Style, layout: str = "compact") -> int | None:
        """The same for the same text."""
        try:
            return hash(self._text(style, layout))
        except Unwritable:
            return None

    def pairs(self, style: Style) -> Pairs:
        """What a style's table of escapes replaces in this value, in order."""
        brought = self._brought(style)
        key = (style.escapes, brought)
        if key not in self._pairs:
            self._pairs[key] = escapes.pairs_of(
                style.escapes, self.characters | brought, self._budget.check
            )
        return self._pairs[key]

    def _brought(self, style: Style) -> frozenset[str]:
        """Characters that a style may bring in: where dates or texts are written anew."""
        of_dates = _OF_DATES if style.dates != "kept" else frozenset()
        return of_dates | cleaning.CHARACTERS if style.texts != "kept" else of_dates

    def said(self, style: Style) -> str:
        """What shows of a style, to follow "signs "."""
        base = frozenset(self.pairs(style._replace(escapes=JAVASCRIPT.escapes)))
        changed = [pair for pair in self.pairs(style) if pair not in base]
        return style_words.said(
            style,
            changed,
            self.characters,
            self._example(style),
            self._outer,
            shape.unlike_page(self.value),
        )

    def _example(self, style: Style) -> str:
        """A date as the style writes it."""
        form = style.dates.removeprefix("all: ")
        for text in strings(self.value) if form in dates.FORMS else ():
            written = dates.rewritten(text, form)
            if written != text:
                return written if isinstance(written, str) else written.text
        return ""

    # ------------------------------------------------------------ writing

    def write(self, style: Style) -> bytes:
        """The bytes. Raises Unwritable for a part that the value has not."""
        layout = LAYOUTS[style.layout]
        shape_only = Style(style.part, style.order, style.nulls, style.dates, style.numbers)
        shape_only = shape_only._replace(names=style.names, texts=style.texts)
        text = self._text(shape_only, style.layout)
        pairs = self.pairs(style)
        if len(pairs) > _MANY:
            text = self._translated(text, {ord(old): new for old, new in pairs if len(old) == 1})
            pairs = tuple(pair for pair in pairs if len(pair[0]) > 1)
        for old, new in pairs:
            text = text.replace(old, new)
        text = text.replace(QUOTE, '"')
        if layout.indent is not None:
            text = text.replace(BREAK, layout.line_break).replace(TAB, "\t")
        if self._has_numbers or style.dates != "kept" or style.texts == "numeric":
            text = text.replace(PLUS, "+")
        made = encodings.encoded(text + style.end, style.encoding, self._budget)
        if made is None:
            raise Unwritable
        return made

    def _translated(self, text: str, table: dict[int, str]) -> str:
        """`text` by a large table, of which each character costs a microsecond: in slices."""
        slices = []
        for start in range(0, len(text), _SLICE):
            self._budget.check()
            slices.append(text[start : start + _SLICE].translate(table))
        return "".join(slices)

    def _text(self, style: Style, layout: str) -> str:
        key = (style, layout)
        if key not in self._texts:
            self._budget.check()
            if len(self._texts) >= self._kept:
                self._texts.clear()
            self._texts[key] = laid_out(self._shape(style), LAYOUTS[layout])
        return self._texts[key]

    def _shape(self, style: Style) -> Any:
        if style not in self._shapes:
            self._budget.check()
            if len(self._shapes) >= self._kept:
                self._shapes.clear()
            try:
                self._shapes[style] = shape.shaped(self.value, style)
            except LookupError:
                raise Unwritable from None
        return self._shapes[style]


def _has_number(value: Any) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Number):
            return True
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False
