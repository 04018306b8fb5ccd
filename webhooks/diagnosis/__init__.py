"""Why a receiver's signature is wrong: tries the ways people get it wrong until one gives theirs.

Every way is a change to one of four things: the secret, the bytes that are signed, the scheme, and
how the digest is written. One change is tried before two together; all of it within a budget of
CPU time, whatever it is given. Knows no Django.
"""

from __future__ import annotations

from webhooks.diagnosis.budget import Budget
from webhooks.diagnosis.diagnose import Diagnosis, diagnose
from webhooks.diagnosis.explain import Candidate
from webhooks.diagnosis.form import header_value
from webhooks.diagnosis.way import Known, Sent

__all__ = ["Budget", "Candidate", "Diagnosis", "Known", "Sent", "diagnose", "header_value"]
