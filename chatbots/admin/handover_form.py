"""The handover form of a chatbot, designed field by field within the chatbot's page."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from chatbots.admin.scope import OwnFormSet, OwnInline
from chatbots.form_field import MOST_FIELDS, ONCE, FieldKind, FormField


class FieldsFormSet(OwnFormSet):
    """What no field can know of itself: the form has one name and one message."""

    def clean(self) -> None:
        super().clean()
        kept = [
            form.cleaned_data
            for form in self.forms
            if form not in self.deleted_forms and getattr(form, "cleaned_data", None)
        ]
        if len(kept) > MOST_FIELDS:
            raise ValidationError(f"A form may have at most {MOST_FIELDS} fields.")
        kinds = Counter(field.get("kind") for field in kept)
        for kind in ONCE:
            if kinds[kind] > 1:
                raise ValidationError(
                    f"A form has one field of the kind “{FieldKind(kind).label}”: the payload has "
                    "one place for it. Make the others a “Text”."
                )

    def save(self, commit: bool = True) -> Any:
        """Rows are saved one by one: what changes steps aside first, so that two may swap."""
        if commit:
            for form in self.initial_forms:
                if form.has_changed():
                    # No label of a form begins with a space.
                    FormField.objects.filter(pk=form.instance.pk).update(
                        label=f" {form.instance.pk}", kind=FieldKind.TEXT
                    )
        return super().save(commit)


class FormFieldsInline(OwnInline):
    model = FormField
    formset = FieldsFormSet
    verbose_name = "field"
    # The name of its tab.
    verbose_name_plural = "handover form"
    tab = True
    extra = 0
    max_num = MOST_FIELDS
    fields = ("label", "kind", "required", "choices", "position")
    ordering_field = "position"
    hide_ordering_field = True

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "choices":
            kwargs["widget"] = UnfoldAdminTextareaWidget(
                attrs={"rows": 3, "placeholder": "For a choice: one a line"}
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)
