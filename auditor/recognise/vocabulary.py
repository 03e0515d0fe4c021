"""The words by which agreements and their sections are recognised, as data: English.

A document in another language is undecided, never "no agreement".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

AgreementKind = Literal["SLA", "SLR", "OLA", "UC"]
KINDS: tuple[AgreementKind, ...] = ("SLA", "SLR", "OLA", "UC")


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


COMMON_WORDS = frozenset(
    "the and of to in is for be will with on by this that are or as at from an it not within may can must".split()  # noqa: SIM905
)
"""Words that make up a good part of any English text."""

TITLES: Mapping[AgreementKind, re.Pattern[str]] = {
    "SLA": _words(r"service[- ]level[- ]agreement|\bslas?\b"),
    "SLR": _words(r"service[- ]level[- ]requirements?|\bslrs?\b"),
    "OLA": _words(r"operational[- ]level[- ]agreement|operating[- ]level[- ]agreement|\bolas?\b"),
    "UC": _words(
        r"underpinning|supply agreement|(?:support|supplier|maintenance|hosting|outsourcing) contract|"
        r"terms (?:of|and conditions of) (?:service|supply)|master services? agreement|subscription agreement"
    ),
}
DECLARED: Mapping[str, AgreementKind] = {
    "sla": "SLA", "service level agreement": "SLA",
    "slr": "SLR", "service level requirement": "SLR", "service level requirements": "SLR",
    "ola": "OLA", "operational level agreement": "OLA", "operating level agreement": "OLA",
    "uc": "UC", "underpinning contract": "UC", "supplier contract": "UC",
}  # fmt: skip
"""What front matter or a label calls a kind, in lower case, words joined by blanks."""

NOT_AN_AGREEMENT = _words(
    r"\btemplates?\b|\bsamples?\b|\bexamples?\b|how[- ]to|\bhow \b|polic(?:y|ies)|\bguide(?:lines?)?\b|glossary"
    r"|tutorial|framework|explained|introduction|what (?:is|are)|\bfaq\b|best practices?|metrics?|measur|monitoring"
    r"|config|manag(?:e|ing|ement)|calculat|dashboard|report|breach(?:es)?|minutes|checklist|assessment"
    r"|\brunbook|troubleshoot|violat|post-?mortem|vs\.?\b|versus"
)
"""Words of a title that say the document is about agreements, not one (rubric: template, sample, how-to, policy)."""

LANGUAGE: Mapping[AgreementKind, tuple[re.Pattern[str], ...]] = {
    "SLA": (
        _words(r"\bagree[ds]?\b|\bagreement (?:is|between|applies|covers|defines|describes)|this (?:sla|agreement)"),
        _words(r"\bcommit(?:s|ted|ment)?s?\b|\bguarantee[sd]?\b"),
        _words(r"\b(?:shall|will) (?:be |make |use )?(?:provide|respon|maintain|available|resolve|restore|ensure)"),
        _words(r"service[- ]level (?:target|objective)s?|\btargets?\b"),
        _words(r"\bsign(?:ed|ature|atures|atories)\b|\bapproved by\b"),
    ),
    "SLR": (
        _words(r"\brequire(?:s|d|ment|ments)\b"),
        _words(r"\bneeds?\b|\bneeded\b"),
        _words(r"\bproposed?\b|\brequested\b|\bdesired\b|\bwould like\b"),
        _words(r"\bpriority\b|\bmust have\b|\bgrowth\b"),
    ),
    "OLA": (
        _words(r"(?:support|underpin|fulfil|meet|deliver)\w{0,4} (?:\w{1,12} ){0,3}(?:the |customer )?slas?\b"),
        _words(r"hand[- ]?over|hand[- ]?off|escalat\w{0,5} (?:to|between)"),
        _words(r"operational level|operating level|\bola\b"),
        _words(r"internal (?:support|team|group|provider|service|commitment|customer|agreement)"),
        _words(r"between (?:\w{1,15} ){0,3}teams?\b|other teams|both teams|supporting teams?"),
    ),
    "UC": (
        _words(r"\bliab(?:le|ility|ilities)\b"),
        _words(r"\bfees?\b|\bcharges\b|\bpayments?\b|\binvoices?\b|\bprices?\b"),
        _words(r"governing law|governed by|jurisdiction|laws of"),
        _words(r"\bterminat(?:e|es|ed|ion)\b"),
        _words(r"\bindemnif|\bwarrant(?:y|ies|s)\b|intellectual property"),
    ),
}
"""Turns of phrase of each kind; `LANGUAGE_NEEDED` different ones are a clue."""

LANGUAGE_NEEDED: Mapping[AgreementKind, int] = {"SLA": 2, "SLR": 3, "OLA": 2, "UC": 4}

ROLES: Mapping[AgreementKind, tuple[re.Pattern[str], re.Pattern[str]]] = {
    "SLA": (
        _words(r"\bcustomers?\b|\bclients?\b|\bbusiness units?\b|service recipients?\b|\busers? departments?\b"),
        _words(
            r"\bservice provider\b|\bprovider\b|\bwe\b|\bour\b|(?:will|shall|commits to|guarantees) (?:be |provide)"
        ),
    ),
    "SLR": (_words(r"\brequest(?:er|or|ed by)\b"), _words(r"\bbusiness (?:process|owner|need)|\brequirement")),
    "OLA": (
        _words(r"\bteams?\b"),
        _words(
            r"(?:supporting|internal|receiving|providing|other|both) teams?\b"
            r"|\bola\b"
        ),
    ),
    "UC": (
        _words(
            r"\bsupplier\b|\bvendor\b|\bcontractor\b|\bsub-?contractor\b|terms of (?:service|supply)|\bwe\b"
            r"|\blicen[sc]or\b"
        ),
        _words(r"\bcustomer\b|\byou\b|\bbuyer\b|\bpurchaser\b"),
    ),
}
"""Two sides of each kind; both must be spoken of."""

_PARTY_SUFFIX = r"(?: (?:name|party|organi[sz]ation|team|unit|department))?$"
PROVIDER_LABEL = _words(
    rf"^(?:service |internal )?(?:provider|supplier|vendor){_PARTY_SUFFIX}|^provided by$"
    r"|^(?:supporting|providing) team$"
)
CONSUMER_LABEL = _words(
    rf"^(?:service |internal )?(?:customer|client|consumer|recipient|requester|buyer){_PARTY_SUFFIX}|^business unit$"
    r"|^provided (?:to|for)$|^(?:supported|receiving|requesting) team$"
)

SECTIONS: Mapping[str, re.Pattern[str]] = {
    # agreements
    "targets": _words(
        r"targets?\b|service[- ]levels?(?! agreement)|objectives?\b|service commitments?|availability|uptime"
        r"|\bslos?\b"
        r"|response times?|response and resolution|guarantee|performance levels?|quality of service"
    ),
    "workload_limits": _words(
        r"work-?load|volumes?\b|\blimits? of use|reasonable use|fair use|capacity limits?"
        r"|demand|usage limits?"
    ),
    "exceptions": _words(
        r"exception|exclu(?:sion|ded)|limitation|out of scope|not covered|not responsible"
        r"|force majeure|constraints"
    ),
    "service_description": _words(
        r"service (?:description|definition|overview|scope)"
        r"|description of (?:the )?services?|scope|^services?$|overview|covered services?"
    ),
    "parties": _words(
        r"part(?:y|ies)\b|contacts?\b|signator|stakeholders|provider and (?:customer|consumer)"
        r"|customers?$"
    ),
    "hours": _words(r"hours\b|service times?|support times?|coverage|opening"),
    "priorities": _words(
        r"priorit(?:y|ies)|severit(?:y|ies)|incident (?:classification|handling|levels?)"
        r"|impact and urgency"
    ),
    "availability_performance": _words(r"availability|uptime|performance|latency|reliability|capacity"),
    "measurement_reporting": _words(r"measur|report|monitoring|calculation|metrics|tracking"),
    "review": _words(r"review|amend|modif|changes? (?:to|of)|revision|validity|renewal"),
    "responsibilities": _words(r"responsib|obligation|duties|roles\b|commitments? of|\braci\b"),
    "escalation": _words(r"escalat|complain|dispute|violations?|breach"),
    "service_outcome": _words(
        r"outcome|service needed|business need|purpose|service (?:required|description)"
        r"|background"
    ),
    "requested_levels": _words(
        r"requested (?:service )?levels?|required (?:service )?levels?"
        r"|service[- ]level requirements?|requirements"
    ),
    "requester": _words(r"request(?:er|or|ed by)|business owner|sponsor"),
    "priority": _words(r"priority|importance|urgency|business impact"),
    "growth": _words(r"growth|forecast|expected (?:volume|demand|load)|demand"),
    "constraints": _words(r"constraint|assumption|dependenc|limitation"),
    "approval": _words(r"approv|sign-?off|signature"),
    "supported_sla": _words(
        r"support(?:ed|s) (?:sla|service|agreement)|underpinned|customer slas?|related sla"
        r"|slas? support|services? (?:covered|supported)|^services?$|scope"
    ),
    "scope": _words(
        r"scope|services? (?:provided|covered|description)|subject (?:matter|of)|the services?\b"
        r"|definitions? of services?|^services?$|supply of"
    ),
    "requirements": _words(
        r"requirement|specification|standards?|obligations of|deliverables|to be met"
        r"|acceptable use"
    ),
    "term": _words(r"\bterm\b|duration|validity|commencement|period of|termination"),
    "penalties": _words(r"penalt|credit|remed|liquidated|compensation"),
    "exit": _words(r"\bexit\b|terminat|hand-?back|transition out|cancellation"),
    "subcontractors": _words(r"sub-?contract|sub-?process|third part"),
    # catalogue
    "name": _words(r"^(?:service )?name$|^services?$|^title$"),
    "description": _words(r"descri|overview|summary|purpose"),
    "owner": _words(r"owner|responsible|maintainer"),
    "users": _words(r"users?\b|customers?\b|consumers?\b|audience|business units?"),
    "dependencies": _words(r"dependenc|depends on|relies on|upstream"),
    "tier": _words(r"\btier\b|criticality|classification"),
    "sla_link": _words(r"\bslas?\b|service[- ]level agreement"),
    "service_levels": _words(r"service[- ]levels?|targets?|\bslos?\b"),
    # review minutes
    "date": _words(r"\bdate\b|^when$|held on"),
    "attendees": _words(r"attende|participant|present\b|who was there"),
    "results": _words(r"result|performance|service level|targets?|achiev|kpi|review of"),
    "actions": _words(r"action|to-?dos?\b|next steps|follow-?ups?|tasks"),
    "previous_actions": _words(
        r"(?:previous|open|old|past|last) (?:\w{1,12} )?(?:action|task|item)"
        r"|carried over|follow-?up of"
    ),
    "feedback": _words(r"feedback|customer voice|complaint|satisfaction|concerns"),
    "decisions": _words(r"decision|decided|agreed|resolutions?"),
    # procedure
    "incident": _words(r"incident"),
    "problem": _words(r"\bproblem"),
    "change": _words(r"\bchange (?:management|enablement|control|process)|^changes?$"),
    "request": _words(r"request (?:fulfil|management)|service requests?"),
    "availability": _words(r"availability"),
    "capacity": _words(r"capacity"),
    "continuity": _words(r"continuity|disaster recovery"),
    "supplier": _words(r"supplier|vendor"),
    "catalogue": _words(r"catalog(?:ue)?"),
    "relationship": _words(r"relationship|\bbrm\b"),
    # training plan
    "plan_per_role": _words(r"per role|roles? and|by role|curricul|learning path|courses"),
    "budget_or_hours": _words(r"budget|hours|cost"),
    "skills_gap": _words(r"skills?|gap|competenc"),
    "evaluation": _words(r"evaluat|assessment|effectiveness"),
}
"""Section key -> words of a heading, a label or a table header that stand for it."""

FACT_KEYS = frozenset(
    {"date", "attendees", "owner", "name", "tier", "requester", "priority", "sla_link", "hours", "parties", "term"}
    | {"users", "supported_sla", "approval"}
)
"""Sections that are a fact: one filled row or label is enough, no sentence is needed."""

DOCUMENT_TITLES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("postmortem", _words(r"post-?mortem|incident review|root cause analysis")),
    (
        "review_minutes",
        _words(
            r"(?:service|sla|management) review (?:meeting|minutes|\d)|minutes of|\bminutes\b"
            r"|meeting notes"
        ),
    ),
    ("catalogue", _words(r"service catalog(?:ue)?\b")),
    ("comm_plan", _words(r"communications? plan")),
    ("training_plan", _words(r"training (?:plan|programme)")),
    ("kpi_catalogue", _words(r"(?:kpi|indicator|metrics) (?:catalog(?:ue)?|register)")),
    ("improvement_register", _words(r"improvement (?:register|plan|log)|\bcsi register")),
    ("process_register", _words(r"process (?:register|map|landscape)")),
    ("strategy", _words(r"\bstrategy\b|strategic plan")),
    ("report", _words(r"(?:service|sla|performance|monthly|quarterly|weekly) (?:level )?reports?\b")),
    ("procedure", _words(r"\bprocedures?\b|\brunbooks?\b|\bprocess (?:description|guide)|management process")),
    ("policy", _words(r"\bpolic(?:y|ies)\b")),
)
"""Kind of a document -> words of its title; the first one that matches counts."""
