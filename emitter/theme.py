"""The dashboard's looks: what Unfold, the admin's theme, is told."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Wonderchat",
    "SITE_HEADER": "Wonderchat",
    "SITE_SUBHEADER": "Webhooks",
    "SITE_URL": None,
    "SITE_ICON": lambda request: static("emitter/logo.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("emitter/logo.svg"),
        }
    ],
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "emitter.dashboard.environment",
    "STYLES": [lambda request: static("emitter/dashboard.css")],
    "SCRIPTS": [lambda request: static("emitter/dashboard.js")],
    "BORDER_RADIUS": "8px",
    "SIDEBAR": {"navigation": "emitter.dashboard.navigation"},
    "COLORS": {
        "base": {
            "50": "oklch(98.4% .003 265)",
            "100": "oklch(96.6% .005 265)",
            "200": "oklch(92.6% .009 265)",
            "300": "oklch(87% .014 265)",
            "400": "oklch(70.5% .022 265)",
            "500": "oklch(55% .026 265)",
            "600": "oklch(44.5% .028 265)",
            "700": "oklch(36.5% .028 265)",
            "800": "oklch(27% .026 265)",
            "900": "oklch(20.5% .024 265)",
            "950": "oklch(14.5% .022 265)",
        },
        "primary": {
            "50": "oklch(96.8% .016 270)",
            "100": "oklch(93.6% .032 270)",
            "200": "oklch(88% .062 270)",
            "300": "oklch(79.5% .106 270)",
            "400": "oklch(69% .158 270)",
            "500": "oklch(60.5% .196 269)",
            "600": "oklch(53% .213 268)",
            "700": "oklch(46.5% .2 268)",
            "800": "oklch(40.5% .168 268)",
            "900": "oklch(36% .13 269)",
            "950": "oklch(26.5% .088 270)",
        },
    },
}
