#!/usr/bin/env python3
"""Holds an agent against docs/pos-integration.md, as the till in front of it sees it: one line a promise, exit status 1 when one is broken.

It sells and prints: run it against a store of simulators (`make sandbox`) or of training, never against a shop.
Python 3.9 and nothing else:  LOYALTILL_TOKEN_FILE=.../api.token python3 conformance.py 6034000000000018
Promises about cards and paper need the simulators besides: LOYALTILL_SIMULATORS=http://127.0.0.1:8788 LOYALTILL_CARD=anna LOYALTILL_PIN=4711.
"""
import http.client
import json
import os
import sys
import time
import urllib.parse
import uuid

URL = urllib.parse.urlsplit(os.environ.get("LOYALTILL_URL", "http://127.0.0.1:8787"))
TOKEN = open(os.environ["LOYALTILL_TOKEN_FILE"]).read().strip()
NUMBER = sys.argv[1]
SIMULATORS = urllib.parse.urlsplit(os.environ.get("LOYALTILL_SIMULATORS", ""))
CARD, PIN = os.environ.get("LOYALTILL_CARD", "anna"), os.environ.get("LOYALTILL_PIN", "4711")
PATIENCE = 60  # seconds that a device may take
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


def hands(method, path, body=None):
    """What hands do at the simulators: put a card in, take paper out."""
    line = http.client.HTTPConnection(SIMULATORS.hostname, SIMULATORS.port, timeout=50)
    line.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
    answer = line.getresponse()
    text = answer.read()
    line.close()
    assert answer.status < 300, f"{method} {path}: {answer.status} {text}"
    return json.loads(text) if text else None


def until(what, look):
    """Looks again until there is something, and gives it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(0.1)
    raise AssertionError("waited in vain for " + what)


def lane():
    return ok(call("GET", LANE)).body


def tap():
    """The card is put in, whatever lay there before, and was read."""
    hands("DELETE", "/readers/till1/card")
    until("an empty reader", lambda: lane()["card"]["state"] == "none")
    hands("PUT", "/readers/till1/card", {"card": CARD})
    return until("the member of the card", lambda: lane() if lane()["card"]["state"] == "ready" else None)["member"]


def cut_off(method, path, body, key):
    """Sends a call and hangs up before there is an answer, as a till does whose line breaks."""
    line = http.client.HTTPConnection(URL.hostname, URL.port, timeout=50)
    line.request(method, path, json.dumps(body), {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json", "Idempotency-Key": key})
    line.close()


PROMISES = []


def promise(check):
    PROMISES.append(check)
    return check


def with_devices(check):
    """A promise that is looked at where the simulators are told."""
    if SIMULATORS.hostname:
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
def a_lost_answer_is_had_again_and_sells_nothing_twice():
    key, body, before = new_key(), ready(bill(377)), head()
    for _ in range(3):
        cut_off("POST", LANE + "/sales", body, key)
    sold = ok(call("POST", LANE + "/sales", body, key), 201)
    assert ok(call("GET", "/v1/sales/" + key))["seq"] == sold["seq"] and head() == before + 1, f"{head() - before} entries of one sale"


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
def parts_come_to_what_the_whole_gives():
    sold = ok(call("POST", LANE + "/sales", ready(bill(855)), new_key()), 201)  # an odd sum: the last part has the odd cent
    money = 0
    for _ in range(2):
        half = {"sale": sold["sale"], "lines": [{"line": 0, "quantity": 1000}], "cashier": "anna"}
        quote = ok(call("POST", LANE + "/returns/quote", half))
        money += ok(call("POST", LANE + "/returns", {**half, "quote": quote["quote"]}, new_key()), 201)["money"]
    assert money == 855, f"the parts come to {money}"
    refused(call("POST", LANE + "/returns/quote", {"sale": sold["sale"], "all": True}), 422, "return_nothing")


@promise
def a_return_other_than_shown_is_refused():
    sold = ok(call("POST", LANE + "/sales", ready(bill()), new_key()), 201)
    one = {"sale": sold["sale"], "lines": [{"line": 0, "quantity": 1000}], "cashier": "anna"}
    shown = ok(call("POST", LANE + "/returns/quote", one))["quote"]
    answer = call("POST", LANE + "/returns", {"sale": sold["sale"], "all": True, "quote": shown, "cashier": "anna"}, new_key())
    assert answer.status == 409 and answer["code"] == "quote_changed", answer


@promise
def a_sale_is_undone_whole_and_once():
    sold = ok(call("POST", LANE + "/sales", ready(bill()), new_key()), 201)
    undo = {"sale": sold["sale"], "void": "mistyped", "cashier": "anna"}
    undo["quote"] = ok(call("POST", LANE + "/returns/quote", undo))["quote"]
    key = new_key()
    back = ok(call("POST", LANE + "/returns", undo, key), 201)
    again = ok(call("POST", LANE + "/returns", undo, key), 201)
    assert back["void"] == "mistyped" and back["refund"] + back.body.get("withheld", 0) == 858 and again["replayed"], (back, again)
    refused(call("POST", LANE + "/returns/quote", {"sale": sold["sale"], "void": "twice"}), 409, "void_late")


@promise
def a_bill_set_aside_waits_for_one_till_and_is_sold_once():
    basket, bill_ = new_key(), bill()
    ok(call("PUT", "/v1/baskets/" + basket, {"lines": bill_["lines"], "note": "conformance"}))
    assert any(b["id"] == basket for b in ok(call("GET", "/v1/baskets"))["baskets"]), "it does not wait"
    assert ok(call("POST", f"/v1/baskets/{basket}/take", {"lane": 1}))["lines"][0]["amount"] == 858
    for other in (other["lane"] for other in ok(call("GET", "/v1/lanes")).body if other["lane"] != 1):
        refused(call("POST", f"/v1/baskets/{basket}/take", {"lane": other}), 409, "basket_taken")
    ok(call("POST", LANE + "/sales", ready(bill_), basket), 201)
    assert not any(b["id"] == basket for b in ok(call("GET", "/v1/baskets"))["baskets"]), "it still waits"
    refused(call("PUT", "/v1/baskets/" + basket, {"lines": bill_["lines"]}), 409, "sale_settled")


@promise
def more_points_than_there_are_pay_what_they_can():
    asked = bill(redeem={"points": 1_000_000})
    quote = ok(call("POST", LANE + "/quote", asked))
    redeem = quote["redeem"]
    assert redeem["asked"] == 1_000_000 and redeem["points"] <= redeem["max"] <= quote["available"], redeem
    assert quote["to_pay"] == 858 - redeem["value"] and redeem["clamps"] and all(c["text"] for c in redeem["clamps"]), quote


@with_devices
def a_wrong_pin_tells_the_tries_left_and_the_right_one_gives_them_back():
    tries = tap()["pin"]["tries_left"]
    answer = call("POST", LANE + "/pin", {"pin": "0000" if PIN != "0000" else "1111"})
    refused(answer, 422, "pin_wrong")
    assert answer["tries_left"] == tries - 1 == lane()["member"]["pin"]["tries_left"], (tries, answer)
    assert ok(call("POST", LANE + "/pin", {"pin": PIN}))["member"]["pin"]["verified"]
    assert tap()["pin"]["tries_left"] == tries, "the tries did not come back"


@with_devices
def a_card_that_did_not_answer_pays_once_when_it_comes_back():
    before = tap()["balance"]
    ok(call("POST", LANE + "/pin", {"pin": PIN}))
    body = {**bill(), "redeem": {"points": 50}}
    del body["number"]
    quote = ok(call("POST", LANE + "/quote", body))
    assert quote["redeem"]["points"] == 50, "the card needs 50 points"
    body.update(quote=quote["quote"], tenders=[{"kind": "cash", "amount": quote["to_pay"]}])
    hands("PUT", "/readers/till1/fault", {"kind": "short", "bytes": 1, "ins": "54"})
    key = new_key()
    answer = call("POST", LANE + "/sales", body, key)
    refused(answer, 409, "card_tap_again")
    assert answer["retryable"] and lane()["waiting"]["sale"] == key, lane()
    hands("DELETE", "/readers/till1/card")
    until("an empty reader", lambda: lane()["card"]["state"] in ("none", "tap_again"))
    hands("PUT", "/readers/till1/card", {"card": CARD})
    sold = until("the sale", lambda: call("GET", "/v1/sales/" + key) if call("GET", "/v1/sales/" + key).status == 200 else None)
    assert sold["redeemed"] == 50 and sold["balance"] == before - 50 + sold["earned"], (before, sold)
    assert ok(call("POST", LANE + "/sales", body, key), 201)["seq"] == sold["seq"]


@with_devices
def paper_of_which_nobody_knows_waits_for_a_person():
    sold = ok(call("POST", LANE + "/sales", ready(bill()), new_key()), 201)
    until("a printer that is done", lambda: ok(call("GET", f"/v1/jobs/{sold['job']}"))["state"] == "confirmed")
    hands("POST", "/printers/till1/fault", {"kind": "unplug", "at": "cut"})
    job = ok(call("POST", LANE + "/sales", ready(bill()), new_key()), 201)["job"]
    until("paper that may be there", lambda: ok(call("GET", f"/v1/jobs/{job}"))["state"] == "uncertain")
    hands("DELETE", "/printers/till1/fault")
    key = new_key()
    copy = ok(call("POST", f"/v1/jobs/{job}/answer", {"printed": False}, key))
    again = ok(call("POST", f"/v1/jobs/{job}/answer", {"printed": False}, key))
    assert copy["copy"] == 2 and again["id"] == copy["id"], (copy, again)
    until("the copy", lambda: ok(call("GET", f"/v1/jobs/{copy['id']}"))["state"] == "confirmed")
    assert ok(call("GET", f"/v1/jobs/{job}"))["successor"] == copy["id"]


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
