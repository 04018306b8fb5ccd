"""What becomes of deliveries that wait when a field of their webhook changes, in a sentence each.

Said beside the field before it is saved, and in the API's document. Pure: knows no Django.
"""

from __future__ import annotations

from typing import Final

# By the field's name. A description is for people, and nothing follows from it.
ON_CHANGE: Final = {
    "url": "What waits goes to the new URL, retries too.",
    "event": "What waits is still sent, as the event that it is; of the new type comes what "
    "happens from now on.",
    "secret": "What waits is signed with the new secret.",
    "retry_schedule": "What waits keeps its next try; a failure after that follows the new "
    "schedule, and what has failed as often as that has retries is given up.",
    "standard_headers": "What waits is sent as this says, too.",
    "ordered": "It counts for what is made from now on: what waits keeps the order it has, or has "
    "none.",
    "rate_limit": "It holds for what waits, too.",
}
