#!/usr/bin/env python3
"""Holds an agent against docs/pos-integration.md, as the till in front of it sees it: one line a promise, exit status 1 when one is broken.

It sells and prints: run it against a store of simulators (`make run`) or of training, never against a shop.
Python 3.9 and nothing else:  LOYALTILL_TOKEN_FILE=.../api.token python3 conformance.py 6034000000000018
"""
import http.client
import json
import os
import sys
import urllib.parse
import uuid

URL = urllib.parse.urlsplit(os.environ.get("LOYALTILL_URL", "http://127.0.0.1:8787"))
TOKEN = open(os.environ["LOYALTILL_TOKEN_FILE"]).read().strip()
NUMBER = sys.argv[1]
LANE = "/v1/lanes/1"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __getitem__(self, field):
        return self.body[field]

    def __repr__(self):
        return f"{self.status} {json.dumps(self.body)[:300]}"


def call(method, path, body=None, key=None, **headers):
    line = http.client.HTTPConnection(URL.hostname, URL.port, timeout=50)
    head = {"Authorization": "Bearer " + TOKEN, "Accept-Language": "en"}
    if body is not None:
        head["Content-Type"] = "application/json"
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
    if key:
        head["Idempotency-Key"] = key
    head.update({name.replace("_", "-"): value for name, value in headers.items()})
    line.request(method, path, body, {name: value for name, value in head.items() if value})
    answer = line.getresponse()
    text = answer.read()
    line.close()
    return Answer(answer.status, answer.headers, json.loads(text) if text else None)


def bill(amount=858, **more):
    return {"number": NUMBER, "cashier": "anna", "lines": [
        {"sku": "4750001", "name": "Milk 1 l", "category": "food/dairy", "quantity": 2000, "amount": amount, "tax": 1200}], **more}


def ready(body):
    """What commits a bill: its quote, and cash for what is to pay."""
    quote = call("POST", LANE + "/quote", body)
    return {**body, "quote": quote["quote"], "tenders": [{"kind": "cash", "amount": quote["to_pay"]}]}


def head():
    return call("GET", "/v1/status")["sync"]["head"]


def new_key():
    return str(uuid.uuid4())


def refused(answer, status, code):
    """A refusal is a problem document that a till can act on."""
    assert answer.status == status and answer["code"] == code, f"want {status} {code}, got {answer}"
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.headers["Content-Type"]
    assert answer["type"] == "urn:loyaltill:problem:" + code and answer["status"] == status, answer
    assert answer["message"] and isinstance(answer["retryable"], bool), answer


def ok(answer, status=200):
    assert answer.status == status, f"want {status}, got {answer}"
    return answer


PROMISES = []


def promise(check):
    PROMISES.append(check)
    return check


@promise
def a_call_without_the_token_is_refused():
    refused(call("GET", "/v1/status", Authorization=None), 401, "token_missing")
    refused(call("GET", "/v1/status", Authorization="Bearer wrong"), 401, "token_wrong")


@promise
def a_page_of_another_origin_is_refused():
    refused(call("POST", LANE + "/quote", bill(), Origin="https://shop.example", Sec_Fetch_Site="cross-site"), 403, "origin_refused")


@promise
def a_name_that_is_not_of_this_machine_is_refused():
    refused(call("GET", "/v1/status", Host="shop.example:8787"), 403, "origin_refused")


@promise
def a_body_that_cannot_be_taken_names_its_field():
    refused(call("POST", LANE + "/quote", bill(), Content_Type="text/plain"), 415, "content_type")
    refused(call("POST", LANE + "/quote", b"{" + b" " * (256 << 10) + b"}"), 413, "body_too_large")
    answer = call("POST", LANE + "/quote", bill(colour="red"))
    refused(answer, 422, "field_invalid")
    assert any("colour" in e["field"] for e in answer["errors"]), answer


@promise
def what_is_not_there_has_a_code_of_its_own():
    refused(call("GET", "/v1/lanes/99"), 404, "lane_unknown")
    refused(call("GET", "/v1/sales/" + new_key()), 404, "sale_unknown")
    refused(call("POST", LANE + "/quote", {**bill(), "number": "6034000000000091"}), 404, "member_unknown")
    refused(call("GET", "/v1/nothing"), 404, "not_found")


@promise
def messages_are_in_the_language_asked_for():
    english, latvian = (call("GET", "/v1/lanes/99", Accept_Language=lang) for lang in ("en", "lv"))
    assert english["code"] == latvian["code"] and english["message"] != latvian["message"], (english, latvian)


@promise
def a_quote_writes_nothing_and_explains_itself():
    before = head()
    quote = ok(call("POST", LANE + "/quote", bill()))
    assert head() == before, "the ledger has grown"
    assert quote["total"] == 858 and quote["to_pay"] == 858 and quote["why"] and all(w["text"] for w in quote["why"]), quote


@promise
def a_sale_needs_a_key():
    body = ready(bill())
    refused(call("POST", LANE + "/sales", body), 400, "key_missing")
    refused(call("POST", LANE + "/sales", body, key="12"), 400, "key_invalid")


@promise
def the_same_key_answers_as_the_first_time():
    key, body, before = new_key(), ready(bill()), head()
    first = ok(call("POST", LANE + "/sales", body, key), 201)
    again = ok(call("POST", LANE + "/sales", body, key), 201)
    asked = ok(call("GET", "/v1/sales/" + key))
    assert not first["replayed"] and again["replayed"], (first, again)
    for field in ("sale", "seq", "to_pay", "earned", "balance"):
        assert first[field] == again[field] == asked[field], (field, first, again, asked)
    assert head() == before + 1, f"{head() - before} entries of one sale"
    refused(call("POST", LANE + "/sales", ready(bill(500)), key), 409, "key_reused")


@promise
def what_was_not_shown_cannot_be_sold():
    shown, before = ready(bill()), head()
    answer = call("POST", LANE + "/sales", {**shown, "lines": bill(999)["lines"], "tenders": [{"kind": "cash", "amount": 999}]}, new_key())
    refused(answer, 409, "quote_changed")
    assert answer["quote"]["to_pay"] == 999 and head() == before, answer


@promise
def tenders_add_up():
    body, before = ready(bill()), head()
    refused(call("POST", LANE + "/sales", {**body, "tenders": [{"kind": "cash", "amount": 1}]}, new_key()), 422, "tenders_wrong")
    assert head() == before, "the ledger has grown"


@promise
def a_sale_has_its_paper():
    sold = ok(call("POST", LANE + "/sales", ready(bill()), new_key()), 201)
    job = ok(call("GET", f"/v1/jobs/{sold['job']}"))
    assert job["lane"] == 1 and job["class"] == "receipt", job
    assert any(j["id"] == sold["job"] for j in ok(call("GET", "/v1/jobs?lane=1&class=receipt")).body)


@promise
def goods_come_back_once():
    sold = ok(call("POST", LANE + "/sales", ready(bill()), new_key()), 201)
    half = {"sale": sold["sale"], "lines": [{"line": 0, "quantity": 1000}], "cashier": "anna"}
    quote = ok(call("POST", LANE + "/returns/quote", half))
    assert quote["lines"][0]["left"] == 2000 and quote["refund"] + quote.body.get("withheld", 0) == quote["money"], quote
    key = new_key()
    back = ok(call("POST", LANE + "/returns", {**half, "quote": quote["quote"]}, key), 201)
    again = ok(call("POST", LANE + "/returns", {**half, "quote": quote["quote"]}, key), 201)
    assert again["replayed"] and again["seq"] == back["seq"], (back, again)
    refused(call("POST", LANE + "/returns/quote", {**half, "lines": [{"line": 0, "quantity": 2000}]}), 422, "return_more_than_sold")


@promise
def events_begin_with_how_things_stand():
    line = http.client.HTTPConnection(URL.hostname, URL.port, timeout=50)
    line.request("GET", "/v1/events", headers={"Authorization": "Bearer " + TOKEN})
    stream = line.getresponse()
    names = set()
    while not {"lane", "sync"} <= names:
        said = stream.readline().decode()
        assert said, f"the stream ended after {names}"
        if said.startswith("event:"):
            names.add(said[len("event:"):].strip())
    line.close()


@promise
def a_pin_that_cannot_be_one_is_refused_unseen():
    answer = call("POST", LANE + "/pin", {"pin": "12x4"})
    refused(answer, 422, "pin_format")
    assert "12x4" not in json.dumps(answer.body), "it repeats what was typed"


broken = 0
for check in PROMISES:
    try:
        check()
        print("ok      ", check.__name__.replace("_", " "))
    except (AssertionError, KeyError, OSError, http.client.HTTPException, ValueError) as e:
        broken += 1
        print("BROKEN  ", check.__name__.replace("_", " "), "-", e)
print(f"{len(PROMISES) - broken} of {len(PROMISES)} promises kept")
sys.exit(broken > 0)
