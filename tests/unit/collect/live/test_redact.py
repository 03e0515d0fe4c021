"""What is personal leaves no trace but a pseudonym, before anything else sees it."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import GapReason, Redaction, Refused
from auditor.collect.redact import Keyed, redact_json
from auditor.errors import ConfigError
from auditor.testing.server import Reply, ScriptedServer

KEYED = Keyed(b"k" * 32)
PEOPLE = Redaction(frozenset({"assignee", "emailAddress"}), "person")
TEXT = Redaction(frozenset({"description"}), "text")


def redacted(document: Any, *redactions: Redaction) -> Any:
    return orjson.loads(redact_json(orjson.dumps(document), redactions or (PEOPLE, TEXT), KEYED).body)


def test_people_become_pseudonyms_at_any_depth_and_texts_their_length() -> None:
    document = {
        "issues": [{"assignee": "Person One", "n": 1, "fields": {"description": "secret words", "summary": "kept"}}],
        "emailAddress": ["a@example.org", "b@example.org"],
        "assignee": {"displayName": "Person Two", "active": True, "id": 77, "none": None, "empty": ""},
    }
    result = redacted(document)
    issue = result["issues"][0]
    assert issue == {
        "assignee": KEYED.pseudonym("Person One"),
        "n": 1,
        "fields": {"description": "<12 characters>", "summary": "kept"},
    }
    assert result["emailAddress"] == [KEYED.pseudonym("a@example.org"), KEYED.pseudonym("b@example.org")]
    assert result["assignee"] == {
        "displayName": KEYED.pseudonym("Person Two"),
        "active": True,
        "id": KEYED.pseudonym("77"),
        "none": None,
        "empty": "",
    }


def test_a_pseudonym_is_keyed_and_the_same_for_one_person() -> None:
    pseudonym = KEYED.pseudonym(" A@Example.org ")
    assert pseudonym == KEYED.pseudonym("a@example.ORG")
    assert pseudonym == "p-" + hmac.new(b"k" * 32, b"person\0a@example.org", hashlib.sha256).hexdigest()[:16]
    assert pseudonym != Keyed(b"l" * 32).pseudonym("a@example.org")
    assert KEYED.pseudonym("Straße") == KEYED.pseudonym("STRASSE")
    assert KEYED.pseudonym("e\u0301") == KEYED.pseudonym("\u00e9")
    assert KEYED.pseudonym(pseudonym) == pseudonym


def test_a_name_that_is_both_is_a_person() -> None:
    both = Redaction(frozenset({"assignee"}), "text")
    assert redacted({"assignee": "x"}, both, PEOPLE) == {"assignee": KEYED.pseudonym("x")}
    assert redacted({"assignee": "x"}, PEOPLE, both) == {"assignee": KEYED.pseudonym("x")}


def test_a_body_with_nothing_personal_in_it_keeps_its_bytes() -> None:
    body = b'{ "a" : 1.0 ,\n "b":[]}'
    result = redact_json(body, [PEOPLE], KEYED)
    assert (result.body, result.facts) == (body, {})


def test_an_escaped_name_of_a_member_is_found() -> None:
    assert b"Person" not in redact_json(b'{"\\u0061ssignee":"Person One"}', [PEOPLE], KEYED).body


def deep(levels: int) -> bytes:
    return b'{"a":' * levels + b'{"assignee":"Person One"}' + b"}" * levels


def test_deep_documents_are_redacted_or_not_kept() -> None:
    assert not redact_json(deep(200), [PEOPLE], KEYED).is_stub
    for levels in (200, 500, 900, 5000):
        assert b"Person" not in redact_json(deep(levels), [PEOPLE], KEYED).body
    assert b"nested too deeply" in redact_json(deep(500), [PEOPLE], KEYED).body


@pytest.mark.parametrize("body", [b"<html>Person One</html>", b'{"assignee":"Person One"', b"\xff", b"NaN"])
def test_what_cannot_be_redacted_is_not_kept(body: bytes) -> None:
    result = redact_json(body, [PEOPLE], KEYED)
    assert result.is_stub
    assert b"Person" not in result.body
    assert KEYED.hash(body) in result.body.decode()
    assert result.facts["original_hmac_sha256"] == KEYED.hash(body)
    assert KEYED.hash(body) != hashlib.sha256(body).hexdigest()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["assignee", "description"]), inner),
    max_leaves=20,
)


@given(_JSON)
def test_redaction_leaves_the_form_and_everything_else_as_it_is(document: Any) -> None:
    def check(before: Any, after: Any, treated: bool) -> None:
        if isinstance(before, dict):
            assert before.keys() == after.keys()
            for name, value in before.items():
                check(value, after[name], treated or name in {"assignee", "emailAddress", "description"})
        elif isinstance(before, list):
            assert len(before) == len(after)
            for one, other in zip(before, after, strict=True):
                check(one, other, treated)
        elif treated and before not in ("", None) and not isinstance(before, bool):
            assert after.startswith(("p-", "<"))
        else:
            assert before == after

    check(document, redacted(document), treated=False)


def test_nobody_sees_the_original_of_a_redacted_answer(live: Any, server: ScriptedServer) -> None:
    original = {"assignee": "Canary Person", "description": "canary words"}
    server.route("/x", Reply(original))
    context = live.context(redactions=(PEOPLE,))
    http = context.http(redact=[TEXT])
    answer = http.get("/x")
    response = http.session.get(f"{server.url}/x")
    expected = {"assignee": KEYED.pseudonym("canary person"), "description": "<12 characters>"}
    assert answer.json() == response.json() == expected
    assert context.pseudonym("CANARY PERSON") == expected["assignee"]
    assert "anary" not in live.store.everything + repr(live.log(context))
    request = live.store.envelopes[0][0].request
    assert request["redacted"] is True
    assert request["original_hmac_sha256"] == KEYED.hash(server_bytes(original))


def server_bytes(document: Any) -> bytes:
    return Reply(document).content()


def test_a_page_that_cannot_be_redacted_is_malformed_and_not_kept(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply("<html>Canary Person", headers={"Content-Type": "text/html"}))
    answer = live.context(redactions=(PEOPLE,)).http().get("/x")
    with pytest.raises(Refused, match="a web page") as caught:
        answer.json()
    assert caught.value.reason is GapReason.MALFORMED
    assert "Canary" not in live.store.everything
    assert live.store.envelopes[0][0].media_type == "text/plain"


def test_the_words_of_an_error_are_redacted_as_well(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply({"error": {"description": "of Canary Person", "message": "no"}}, 403))
    server.route("/page", Reply("Canary Person may not", 403))
    http = live.context(redactions=(TEXT,)).http()
    for path in ("/x", "/page"):
        with pytest.raises(Refused) as caught:
            http.get(path)
        assert "Canary" not in caught.value.detail
    assert "Canary" not in live.store.everything


def test_without_a_key_nothing_that_is_to_be_redacted_is_kept(live: Any, server: ScriptedServer) -> None:
    from auditor.collect.context import Context

    context = Context("site", live.context().settings, *[None] * 2, False, "sample 1", live.store, print, tmp=live.tmp)  # type: ignore[arg-type]
    server.route("/x", Reply({"assignee": "Canary Person"}))
    with pytest.raises(ConfigError, match="no key"):
        context.http(redact=[PEOPLE]).get("/x")
    with pytest.raises(ConfigError, match="no key"):
        context.pseudonym("Canary Person")
    assert live.store.payloads == {}
    context.close()
