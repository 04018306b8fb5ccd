"""The English words of customer support: which say nothing, which say the same, in tables.

One line per entry, `concept: words` or `concept: pattern`; a concept may have several lines. The
patterns are matched on lower-case text without punctuation and apostrophes (words.plain).
"""

from __future__ import annotations

from collections.abc import Iterator


def lines(table: str) -> Iterator[tuple[str, str]]:
    """The entries of a table."""
    for line in table.strip().splitlines():
        concept, _, value = line.strip().partition(": ")
        yield concept, value


STOP_WORDS = """
a able about actually all also am an and any anything are arrived as ask at be been being but by
came can cant come could d did do does doesnt doing done dont exactly for from get give go going
got had has have having he hello help here hey hi how i id if im in into is isnt it its ive just
know let like ll lot m make many may me method methods might mine much must my need no not now
of off ok okay on one only option options or our out over please pls possible question re really
right s said say shall she should so some somehow something still t take takes taking tell than
thank thanks that the their them then there theres these they thing things this those to too
took u until up ur us ve very want was way we were what when where which who whom whose why will
with wonder wondering wont work working works would yes yet you your yours
"""

# What people say in several words.
PHRASES = r"""
hours: what time
hours: (?:when|what days?) (?:are|do|does|is|can|will) (?:you|it|the \w+|your \w+)(?: \w+)? open\w*
hours: (?:when|what days?) (?:are|do|does|is|can|will) (?:you|it|the \w+|your \w+) (?:there|work\w*)
hours: (?:when|what days?) (?:do|does|is|will) (?:you|it|the \w+|your \w+) (?:close|shut)\w*
hours: when (?:are|is|can) (?:you|i|your \w+) (?:available|reach\w*)
hours: open(?:ing)? (?:hours|times?)|(?:business|office|working|support) (?:hours|days|times?)
hours: (?:are|r) (?:you|u) (?:\w+ )?(?:open|closed|available)|how (?:late|early)
cost: how (?:much|expensive)
duration: how (?:long|fast|quick(?:ly)?|soon|many days)
duration: when (?:will|does|do|can|should|is|would)
track: where(?: ?s| is| are)? my|has my|hasnt arrived|not arrived|never arrived
track: not (?:here|come)(?: yet)?|whats the status|status of|look up|follow my
return: send (?:it|this|them|something|\w+) back|give (?:it|this) back|bring (?:it|this) back
refund: (?:get (?:my |the )?)?money back|get my money|paid back
login: sign(?:ing)? (?:up|in)|log(?:ging)? (?:in|on)|locked out
contact: get in touch|get hold of|reach (?:you|out)|call you|phone number|e mail address
contact: write to you
international: other countr(?:y|ies)|outside (?:of )?(?:the )?\w+
international: (?:ship|deliver|send|post) to (?!me|my|the address|a different|another|home)\w+
international: over ?seas|world ?wide|abroad
giftcard: gift (?:cards?|vouchers?|certificates?)
discount: (?:promo|discount|coupon|voucher) codes?|money off
payment: credit cards?|debit cards?|apple pay|google pay|pay ?pal|bank transfer
payment: pay (?:with|by|using)
pickup: pick(?:ing)? (?:it )?up|click and collect|collect (?:it|my)
twofactor: (?:two|2) factor|2fa
broken: (?:does not|doesnt|not|stopped|isnt|is not) work\w*|falls? apart
wrongitem: in the box|wrong (?:item|product|thing|size|one|colou?r)
"""

# Single words.
CONCEPTS = """
hours: hour hours open opening opened close closed closing schedule weekend weekends
hours: saturday sunday saturdays sundays monday friday holiday holidays timetable
cost: cost costs price prices pricing priced fee fees charge charges expensive cheap rate
cost: rates free
duration: duration days weeks fast quick quickly soon arrive arrives arrival eta speed
duration: estimated time times receive received receives receiving forever
ship: ship ships shipping shipped shipment deliver delivers delivery deliveries delivered
ship: dispatch dispatched post postage send sends sending mail mailed courier
parcel: parcel parcels package packages order orders ordered purchase purchases purchased
parcel: bought buy buying stuff item items product products goods
track: track tracking tracked trace locate whereabouts progress wheres
return: return returns returning returned exchange exchanges swap
refund: refund refunds refunded reimburse reimbursed reimbursement repay repaid moneyback
cancel: cancel cancels cancelling canceling cancelled canceled cancellation undo revoke
cancel: withdraw stop terminate
change: change changes changing changed edit edits modify alter amend update updating
change: correct fix adjust
payment: pay pays paying paid payment payments card cards visa mastercard amex paypal
payment: checkout klarna invoice installments instalments
login: login logon signin signup password passwords passcode credentials reset forgot
login: forgotten lost
account: account accounts profile user username
delete: delete deletes deleting erase remove close gdpr
privacy: privacy private data personal gdpr information store stores
broken: broken broke breaks damaged damage defective defect faulty fault cracked smashed
broken: torn dented
wrongitem: wrong incorrect mistaken mixup
warranty: warranty warranties guarantee guarantees guaranteed lifetime repair repaired
warranty: repairs
discount: discount discounts coupon coupons promo promotion promotions sale sales offer
discount: offers deal deals code codes voucher student students cheaper
giftcard: giftcard giftcards gift gifts present presents
international: international internationally abroad overseas worldwide country countries
international: europe foreign customs
contact: contact contacts contacting phone telephone call email reach touch
location: location locations located address addresses shop shops store stores showroom
location: based city street visit map directions branch branches
pickup: pickup collect collection
size: size sizes sizing fit fits measurements measure small medium large bigger smaller
size: dimensions
stock: stock available availability restock restocked sold inventory backorder
newsletter: newsletter newsletters unsubscribe subscribe mailing spam
job: job jobs career careers hiring vacancy vacancies
wholesale: wholesale bulk business b2b reseller resellers large
"""
