"""What `make up` says when everything runs: where to go, how to get in, what to try."""

from __future__ import annotations

import json
import sys

import emitter
from emitter import sandbox_file
from emitter.sandbox_file import Sandbox
from emitter.standard_streams import is_terminal


def text(url: str, sandbox: Sandbox | None) -> str:
    """What a person reads when everything answers; `sandbox` is None outside the sandbox."""
    bold, dim, plain = (
        ("\033[1m", "\033[2m", "\033[0m") if is_terminal(sys.stdout) else ("", "", "")
    )
    title = f"{bold}Wonderchat emitter {emitter.__version__}{plain}"
    if sandbox is None:
        return f"\n  {title} is running at {url}. Ctrl-C stops it.\n"
    login = f"log in as {bold}{sandbox.admin_user}{plain} with "
    if sandbox.admin_password:
        login += f"the password {bold}{sandbox.admin_password}{plain}"
    else:
        login += "the password you have set"
    lines = [
        "",
        f"  {title} is running, in its sandbox",
        "",
        f"  Dashboard   {bold}{url}/{plain}",
        f"              {login}",
    ]
    if sandbox.chatbot_id:
        lines += [
            f"  Chat page   {url}/chatbot/{sandbox.chatbot_id}",
            f"              {dim}ask something, then ask for a human{plain}",
        ]
    lines += [
        f"  Inbox       {sandbox.inbox_url}",
        f"              {dim}a receiver that shows each webhook as it arrives{plain}",
        f"  API         {url}/api/v1/docs",
        f"              key {bold}{sandbox.api_key or '(none: there is no account)'}{plain}",
    ]
    if sandbox.chatbot_id and sandbox.api_key:
        question = json.dumps(
            {"chatbotId": sandbox.chatbot_id, "question": "What are your business hours?"}
        )
        lines += [
            "",
            "  Try it:",
            "",
            f"    curl {url}/api/v1/chat \\",
            f"      -H 'Authorization: Bearer {sandbox.api_key}' \\",
            "      -H 'Content-Type: application/json' \\",
            f"      -d '{question}'",
        ]
    lines += [
        "",
        f"  {dim}All of it is in {sandbox_file.path()}. Ctrl-C stops everything.{plain}",
        "",
    ]
    return "\n".join(lines)
