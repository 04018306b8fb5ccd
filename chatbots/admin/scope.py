"""The dashboard's pages kept to what each person may see.

Operators see every account. A member sees the objects of the accounts they belong
to, decided here from memberships and not from permission rows set by hand: an account's members
can do all that the dashboard offers, to their own account's objects and to no other.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Field, ForeignKey, ManyToManyField, Model, QuerySet
from django.forms import BaseInlineFormSet, ModelChoiceField
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.forms import PaginationInlineFormSet

from chatbots.admin.asked_list import AskedList
from chatbots.membership import accounts_of, is_operator
from chatbots.whole_number import whole_number

# That a form takes of one kind, whatever it says.
MOST_ROWS = 100


class PlainChoices:
    """No plus, pencil and cross beside a choice of an object: they lead away from the form."""

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        field = super().formfield_for_dbfield(  # type: ignore[misc]  # The admin it is mixed into.
            db_field, request, **kwargs
        )
        if field and isinstance(db_field, ForeignKey | ManyToManyField):
            for control in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{control}_related", False)
        return field


class FoundByKey:
    """An address that names no field to find a row by (`?_to_field=`) finds it by its key."""

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        return super().get_object(  # type: ignore[misc]  # The admin it is mixed into.
            request, object_id, from_field or None
        )


class ScopedAdmin(AskedList, FoundByKey, PlainChoices, ModelAdmin):
    """A model's pages, for operators and for the members of the accounts its rows belong to."""

    # The lookup from the model to its account.
    account_path = "account"
    may_add = True
    may_change = True
    may_delete = False
    # What makes the first row of a list that is empty.
    why_empty = ""
    list_filter_submit = True
    compressed_fields = True
    list_per_page = 50
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        if is_operator(request.user):
            return rows
        return rows.filter(**{f"{self.account_path}__in": accounts_of(request.user)})

    def _is_allowed(self, request: HttpRequest, obj: Model | None) -> bool:
        user = request.user
        if is_operator(user):
            return True
        if not (user.is_active and getattr(user, "is_staff", False)):
            return False
        if isinstance(obj, self.model) and obj.pk is not None:
            return bool(self.get_queryset(request).filter(pk=obj.pk).exists())
        return accounts_of(user).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_allowed(request, None)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._is_allowed(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and self._is_allowed(request, None)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change and self._is_allowed(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_delete and self._is_allowed(request, obj)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Offer, and accept, only what this person may see."""
        related = self.admin_site.get_model_admin(db_field.remote_field.model)
        kwargs["queryset"] = related.get_queryset(request)
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(
            db_field, request, **kwargs
        )
        return field


class OwnFormSet(PaginationInlineFormSet):
    """Rows a page at a time; the first where the query names none that there is."""

    def get_page_num(self) -> int:
        assert self.request is not None
        key = self.get_pagination_key()
        asked = self.request.GET.get(key) or self.request.POST.get(key) or ""
        return whole_number(asked) or 1


class OwnInline(PlainChoices, TabularInline):
    """Rows shown within their parent: whoever may change the parent may change them."""

    formset = OwnFormSet
    hide_title = True
    # Those of a page, and as many new ones as somebody adds before saving. A form says itself how
    # many rows it has, and each that it claims costs a millisecond, whether it is there or not.
    max_num = MOST_ROWS

    def get_formset(
        self, request: HttpRequest, obj: Model | None = None, **kwargs: Any
    ) -> type[BaseInlineFormSet[Any, Any, Any]]:
        made: type[BaseInlineFormSet[Any, Any, Any]] = super().get_formset(
            request, obj, **{"absolute_max": MOST_ROWS} | kwargs
        )
        return made

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True


class ScopedFilter(RelatedDropdownFilter):
    """A filter by a related object that names only those this person may see."""

    def field_choices(
        self, field: ForeignKey[Any, Any], request: HttpRequest, model_admin: ModelAdmin
    ) -> list[tuple[Any, str]]:
        related = model_admin.admin_site.get_model_admin(field.remote_field.model)
        return [(row.pk, str(row)) for row in related.get_queryset(request)[:200]]
