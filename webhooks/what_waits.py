"""What becomes of deliveries that wait when a field of their webhook changes, in a sentence each.

Said beside the field before it is saved, and in the API's document. Pure: knows no Django.
"""

from __future__ import annotations

from typing import Final

# By the field's name. A description is for people, and nothing follows from it.
ON_CHANGE: Final = {
    "url": "What waits goes to the new URL, retries too.",
    "event": "What waits is still sent, as the event it was made for; only what happens from now "
    "on is of the new type.",
    "secret": "What waits is signed with the new secret.",
    "retry_schedule": "What waits keeps the time of its next try. If that fails, the new schedule "
    "counts: what has failed as often as it has retries is given up.",
    "standard_headers": "It counts for what waits, too.",
    "ordered": "It counts for what is made from now on; what waits stays in order, or without one, "
    "as it was made.",
    "rate_limit": "It counts for what waits, too.",
}
