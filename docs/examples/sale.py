#!/usr/bin/env python3
"""A sale to a member known by number, as a till makes it: quote, write the key down, commit, and ask again until there is an answer.

Python 3.9 and nothing else:  LOYALTILL_TOKEN_FILE=.../api.token python3 sale.py 6034000000000018
"""
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("LOYALTILL_URL", "http://127.0.0.1:8787")
TOKEN = open(os.environ["LOYALTILL_TOKEN_FILE"]).read().strip()
PENDING = os.environ.get("LOYALTILL_PENDING", "sale.pending")  # on the till's disk: a restart finds the sale here
TRIES = 5


class Problem(Exception):
    """A refusal: decide by code, show message to the cashier."""

    def __init__(self, doc):
        super().__init__(doc["message"])
        self.code, self.retryable, self.quote = doc["code"], doc["retryable"], doc.get("quote")


def call(method, path, body, key=None):
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), method=method)
    request.add_header("Authorization", "Bearer " + TOKEN)
    request.add_header("Content-Type", "application/json")
    request.add_header("Accept-Language", "en")
    if key:
        request.add_header("Idempotency-Key", key)
    try:
        return json.load(urllib.request.urlopen(request, timeout=50))
    except urllib.error.HTTPError as refused:
        raise Problem(json.load(refused)) from None


def commit(sale):
    """The same key and body until there is an answer: whether the first try went through does not matter."""
    for n in range(TRIES):
        if n:
            time.sleep(n)
        try:
            return call("POST", "/v1/lanes/1/sales", sale["body"], sale["key"])
        except Problem as p:
            if not p.retryable or n == TRIES - 1:
                raise
        except (OSError, http.client.HTTPException, ValueError):  # no answer, or half of one
            if n == TRIES - 1:
                raise


def money(cents):
    return f"{cents // 100}.{cents % 100:02}"


def begin(number):
    """Quotes a bill and writes down what is going to be committed."""
    bill = {"number": number, "cashier": "anna", "lines": [
        {"sku": "4750001", "name": "Milk 1 l", "category": "food/dairy", "quantity": 2000, "amount": 858, "tax": 1200}]}
    quote = call("POST", "/v1/lanes/1/quote", bill)
    print(f"quote: {money(quote['to_pay'])} to pay, earns {quote['earned']}")
    bill |= {"quote": quote["quote"], "tenders": [{"kind": "cash", "amount": quote["to_pay"]}]}
    sale = {"key": str(uuid.uuid4()), "body": bill}
    with open(PENDING, "w") as f:
        json.dump(sale, f)
        f.flush()
        os.fsync(f.fileno())
    return sale


def main(number):
    sale = json.load(open(PENDING)) if os.path.exists(PENDING) else begin(number)
    sold = commit(sale)
    print(f"sale: {money(sold['to_pay'])} paid, earned {sold['earned']}, balance {sold['balance']}")
    again = commit(sale)
    print("again: the first answer" if again["replayed"] and again["seq"] == sold["seq"] else "again: another sale")
    os.remove(PENDING)


try:
    main(sys.argv[1])
except Problem as p:  # final, or tried often enough
    print(f"refused: {p.code}: {p}")
    if not p.retryable and os.path.exists(PENDING):
        os.remove(PENDING)  # nothing was sold
