"""What schemathesis needs to get past the emulator's door and to find orders there.

Signs KwikPaisa's requests, carries a bearer token to Pesapal, and makes a few orders in every state first, so that
generated requests meet more than "no such order". It only sends what a merchant's own program could send.
"""

import hashlib
import hmac
import json
import os
import random
import re
import time

import requests
import schemathesis

ADDRESS = os.environ["DUKA_EMULATOR"]
PESAPAL = ADDRESS + "/pesapalv3"
API_KEY, SECRET_KEY = "pk_test_emulator", "sk_test_emulator"
CONSUMER = {"consumer_key": "emulator-key", "consumer_secret": "emulator-secret"}
ACTS = [None, "pay", "fail", "expire", "process"]

FORMS = {"X-TIMESTAMP": re.compile("[0-9]+"), "X-SIGNATURE": re.compile("[0-9a-f]{64}")}

# The same choices in every run.
choose = random.Random(4)


class Signed(requests.auth.AuthBase):
    """Signs the very bytes that are about to leave. With only=True it fills in just those headers that are there and of
    the right form: a request that leaves one out, or breaks it, on purpose stays as it is."""

    def __init__(self, only=False):
        self.only = only

    def __call__(self, request):
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        timestamp = str(int(time.time()))
        mac = hmac.new(SECRET_KEY.encode(), body + timestamp.encode(), hashlib.sha256)
        headers = {"X-TIMESTAMP": timestamp, "X-SIGNATURE": mac.hexdigest()}
        if not self.only:
            headers["X-API-KEY"] = API_KEY
        for name, value in headers.items():
            if not self.only or FORMS[name].fullmatch(str(request.headers.get(name, ""))):
                request.headers[name] = value
        return request


class Bearer(requests.auth.AuthBase):
    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = "Bearer " + self.token
        return request


def post(url, body, auth=None):
    reply = requests.post(url, data=json.dumps(body), auth=auth, timeout=10,
                          headers={"Content-Type": "application/json", "Accept": "application/json"})
    reply.raise_for_status()
    return reply.json()


def act(order, what):
    if what:
        requests.post(f"{ADDRESS}/_emulator/orders/{order}/{what}", timeout=10).raise_for_status()


def kwikpaisa_orders():
    made = []
    for number, what in enumerate(ACTS * 4):
        order = 6116229263036 + number if number % 2 else f"T-{number}"
        post(ADDRESS + "/api/v3/pg/order/create", {
            "order_id": order, "order_amount": 105.5, "order_currency": "INR", "service_type": "DIGITAL",
            "customer": {"name": "Asha", "email": "asha@example.com", "phone": "9999999999"},
            "return_url": "https://shop.example/thanks"}, Signed())
        act(order, what)
        made.append(order)
    return made


def pesapal_orders(bearer):
    ipn = post(PESAPAL + "/api/URLSetup/RegisterIPN",
               {"url": "http://127.0.0.1:9/ipn", "ipn_notification_type": "POST"}, bearer)["ipn_id"]
    made = []
    for number, what in enumerate([None, "pay", "fail"] * 6):
        order = post(PESAPAL + "/api/Transactions/SubmitOrderRequest", {
            "id": f"T-{number}", "currency": "KES", "amount": 10.5, "description": "Tea",
            "callback_url": "https://shop.example/thanks", "notification_id": ipn,
            "billing_address": {"email_address": "asha@example.com"}}, bearer)["order_tracking_id"]
        act(order, what)
        made.append(order)
    codes = [status(it, bearer)["confirmation_code"] for it in made]
    return made, ipn, [code for code in codes if code]


def status(order, bearer):
    return requests.get(PESAPAL + "/api/Transactions/GetTransactionStatus", auth=bearer, timeout=10,
                        params={"orderTrackingId": order}).json()


KWIKPAISA = os.environ["DUKA_GATEWAY"] == "kwikpaisa"
if KWIKPAISA:
    ORDERS, IPN, CODES = kwikpaisa_orders(), None, []
else:
    TOKEN = post(PESAPAL + "/api/Auth/RequestToken", CONSUMER)["token"]
    ORDERS, IPN, CODES = pesapal_orders(Bearer(TOKEN))


@schemathesis.auth()
class Door:
    """What proves who asks; left out by schemathesis where it tries to get in without."""

    def get(self, case, ctx):
        return API_KEY if KWIKPAISA else "Bearer " + TOKEN

    def set(self, case, data, ctx):
        case.headers["X-API-KEY" if KWIKPAISA else "Authorization"] = data


def known(name, operation):
    """What exists at the emulator of this name."""
    if name == "order_id" and operation == "create":
        return []
    return {"order_id": ORDERS, "order_tracking_id": ORDERS, "orderTrackingId": ORDERS,
            "confirmation_code": CODES, "notification_id": [IPN] if IPN else []}.get(name, [])


def acquaint(members, operation):
    """Makes a well-formed request be about an order, an address or a payment that exists."""
    for name in list(members):
        if known(name, operation):
            members[name] = choose.choice(known(name, operation))
    if "consumer_key" in members:
        members.update(CONSUMER)
    if operation == "create":
        # What no schema can tell: a page that exists, and an amount that a customer could pay.
        pages = {"return_url", "callback_url"} & members.keys()
        members.update(dict.fromkeys(pages, "https://shop.example/thanks"))
        amounts = {"order_amount", "amount"} & members.keys()
        members.update(dict.fromkeys(amounts, choose.randint(1, 10**7) / 100))


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """The last moment before a request is put together. One that is broken on purpose is left as it is."""
    well_formed = case.meta is None or case.meta.generation.mode.is_positive
    if well_formed and choose.random() < 0.7:
        operation = case.operation.definition.raw.get("operationId")
        for members in (case.body, case.query):
            if isinstance(members, dict):
                acquaint(members, operation)
    if KWIKPAISA:
        kwargs["auth"] = Signed(only=True)


IGNORED = {"Accept", "Content-Type"}


@schemathesis.hook
def before_load_schema(ctx, raw_schema):
    """OpenAPI wants header parameters of these names to be ignored; schemathesis does not, and would take a gateway
    that answers without them for a wrong one. Whether a gateway does is not known; duka always sends both."""
    shared = raw_schema["components"].get("parameters", {})
    for path in raw_schema["paths"].values():
        for operation in path.values():
            kept = [it for it in operation.get("parameters", []) if name_of(it, shared) not in IGNORED]
            operation["parameters"] = kept


def name_of(parameter, shared):
    key = parameter.get("$ref", "").rpartition("/")[2]
    return shared.get(key, parameter).get("name")


@schemathesis.check
def refused_in_the_body(ctx, response, case):
    """Pesapal says no under HTTP 200. So a body or a query that is broken on purpose must not get a yes in the body."""
    broken = [place for place in ("body", "query") if is_broken(case, place)]
    if KWIKPAISA or not broken or response.status_code >= 400:
        return
    reply = json.loads(response.content)
    if isinstance(reply, list) or str(reply.get("status")) == "200":
        raise AssertionError(f"taken, although its {broken[0]} is broken on purpose")


def is_broken(case, place):
    components = case.meta.components if case.meta else {}
    return any(location.value == place and part.mode.is_negative for location, part in components.items())
