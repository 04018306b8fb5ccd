"""Play a scenario, on a chatbot's page (sandbox): the list, and the one that is being played."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_POST

from chatbots.models import Chatbot
from chatbots.scenarios import runs, script
from chatbots.scenarios.row import ScenarioRun

if TYPE_CHECKING:
    from chatbots.admin.chatbots import ChatbotAdmin


def urls(site: ChatbotAdmin) -> list[URLPattern]:
    """The page and its calls, under a chatbot's own address."""

    def at(route: str, made: Any, name: str) -> URLPattern:
        def scoped(request: HttpRequest, pk: str) -> HttpResponse:
            if not settings.SANDBOX:
                raise Http404("Scenarios are played in the sandbox only.")
            chatbot = site.get_object(request, pk)
            if chatbot is None:
                raise Http404("There is no such chatbot.")
            return made(site, request, chatbot)  # type: ignore[no-any-return]

        found: URLPattern = path(
            f"<slug:pk>/scenarios/{route}", site.admin_site.admin_view(scoped), name=name
        )
        return found

    return [
        at("", page, "scenarios"),
        at("run/", run_part, "scenarios_run"),
        at("play/", play, "scenarios_play"),
        at("stop/", stop, "scenarios_stop"),
    ]


def page(site: ChatbotAdmin, request: HttpRequest, chatbot: Chatbot) -> HttpResponse:
    def shown(request: HttpRequest) -> HttpResponse:
        context = {
            **site.admin_site.each_context(request),
            "title": "Play a scenario",
            "opts": site.opts,
            "original": chatbot,
            "scenarios": [script.load(name) for name in script.names()],
            "speeds": runs.SPEEDS,
            **_run_context(chatbot),
        }
        return render(request, "admin/scenarios.html", context)

    return require_GET(shown)(request)


def _run_context(chatbot: Chatbot) -> dict[str, Any]:
    run = runs.latest_of(chatbot)
    return {"chatbot": chatbot, "run": run, "seen": _version(run)}


def _version(run: ScenarioRun | None) -> str:
    return f"{run.pk}-{run.status}-{run.steps_done}-{run.stop_asked:d}" if run else ""


def run_part(site: ChatbotAdmin, request: HttpRequest, chatbot: Chatbot) -> HttpResponse:
    """The part of the page that changes; nothing (204) while it has not."""

    def shown(request: HttpRequest) -> HttpResponse:
        context = _run_context(chatbot)
        if request.GET.get("seen") == context["seen"]:
            return HttpResponse(status=204)
        return render(request, "admin/scenario_run.html", context)

    return require_GET(shown)(request)


def play(site: ChatbotAdmin, request: HttpRequest, chatbot: Chatbot) -> HttpResponse:
    def act(request: HttpRequest) -> HttpResponse:
        speed = request.POST.get("speed", "1")
        number = float(speed) if speed.isascii() and speed.isdigit() else 0.0
        try:
            run = runs.start(chatbot, request.POST.get("name", ""), number)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            site.log_change(request, chatbot, f"Played the scenario {run.name}")
        return redirect("admin:scenarios", chatbot.pk)

    return require_POST(act)(request)


def stop(site: ChatbotAdmin, request: HttpRequest, chatbot: Chatbot) -> HttpResponse:
    def act(request: HttpRequest) -> HttpResponse:
        run = runs.latest_of(chatbot)
        if run is not None:
            runs.stop(run)
        return redirect("admin:scenarios", chatbot.pk)

    return require_POST(act)(request)
