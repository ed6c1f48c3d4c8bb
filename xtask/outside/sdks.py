"""Every step of four SDKs for Pesapal that other people wrote, unmodified, against the emulator.

`python sdks.py NAME`, with that SDK on PYTHONPATH and the emulator's address in DUKA_EMULATOR. A step that is left aside
is taken as well, and must end as it says: each is one where the SDK misreads a reply that was recorded of the real
server, leaves out or sends what the gateway's page does not allow, drives a browser, or has no code.
"""

import asyncio
import datetime
import json
import os
import sys
import urllib.request
import uuid
from decimal import Decimal

EMULATOR = os.environ["DUKA_EMULATOR"]
BASE = EMULATOR + "/pesapalv3"
KEYS = ("emulator-key", "emulator-secret")
CALLBACK = "https://shop.example/thanks"
IPN = "https://shop.example/ipn"

RAN = []
ASIDE = []


def control(method, path):
    request = urllib.request.Request(EMULATOR + "/_emulator" + path, method=method)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def act(order, what):
    control("POST", f"/orders/{order}/{what}")


def truth(order):
    return control("GET", f"/orders/{order}")


def step(name, call, holds):
    """Takes a step; `holds` looks at what the SDK made of the reply."""
    result = call()
    if not holds(result):
        sys.exit(f"{name}: {result!r}")
    RAN.append(name)
    print(f"  ok     {name}")
    return result


def fails(name, call, words):
    """Takes a step that must end as an error with these words."""
    try:
        result = call()
    except Exception as error:
        if words not in f"{type(error).__name__}: {error}":
            raise
    else:
        sys.exit(f"{name} succeeded: {result!r}")


def refused(name, call, words):
    """Takes a step that the gateway refuses, which the SDK must say."""
    fails(name, call, words)
    RAN.append(name)
    print(f"  ok     {name}")


def aside(name, why, call, words):
    """Takes a step that cannot succeed."""
    fails(name, call, words)
    ASIDE.append(name)
    print(f"  aside  {name}: {why}")


UNPAID = "takes the recorded reply about an unpaid order for an error"


def reference():
    return f"SDK-{uuid.uuid4()}"


def pesapal_python_sdk():
    from pesapal import PesapalClient
    from pesapal.models import PaymentRequest

    async def steps():
        client = PesapalClient(*KEYS, sandbox=True)
        client.base_url = BASE
        loop = asyncio.get_running_loop()

        async def take(name, coroutine, holds):
            result = await coroutine
            return step(name, lambda: result, holds)

        ipn = await take("register_ipn", client.register_ipn(IPN, "POST"), lambda it: it.ipn_url == IPN)
        await take("get_registered_ipns", client.get_registered_ipns(),
                   lambda all: ipn.notification_id in [it.notification_id for it in all])

        async def submit():
            request = PaymentRequest(
                id=reference(), currency="KES", amount=Decimal("1500.00"), description="Two kangas",
                callback_url=CALLBACK, notification_id=ipn.notification_id, branch="Kisumu",
                billing_address={"email_address": "achieng@example.com", "zip_code": 40100})
            answer = await take("submit_order", client.submit_order(request), lambda it: it.status == "200")
            return answer.order_tracking_id

        paid, failed, left = [await submit() for _ in range(3)]
        await take("get_payment_status, unpaid", client.get_payment_status(paid),
                   lambda it: it.status_code == 0 and it.error["code"] == "payment_details_not_found")
        await loop.run_in_executor(None, act, paid, "pay")
        await loop.run_in_executor(None, act, failed, "fail")
        status = await take("get_payment_status, paid", client.get_payment_status(paid),
                            lambda it: it.status_code == 1 and it.amount == Decimal("1500"))
        await take("get_payment_status, failed", client.get_payment_status(failed), lambda it: it.status_code == 2)
        refund = (status.confirmation_code, Decimal("1500.00"), "amina", "came back torn")
        await take("refund_order", client.refund_order(*refund), lambda it: it["status"] == "200")
        await take("refund_order, again", client.refund_order(*refund), lambda it: it["status"] == "500")
        await take("cancel_order", client.cancel_order(left), lambda it: it["status"] == "200")
        await take("cancel_order, paid", client.cancel_order(paid), lambda it: it["status"] == "500")
        try:
            answer = await client.initiate_payment(
                reference(), Decimal("10"), "KES", "Tea", CALLBACK,
                billing_address={"email_address": "achieng@example.com"})
        except Exception as error:
            refused = error
        else:
            refused = AssertionError(answer)

        def raised():
            raise refused

        aside("initiate_payment", "sends no notification_id, which the page requires", raised,
              "Invalid IPN URL ID provided")
        await client.close()
        return left

    left = asyncio.run(steps())
    assert truth(left)["status"] == "CANCELLED"


def pesapal_python():
    from pesapal import BillingAddress, OrderRequest, PesapalClient

    client = PesapalClient(*KEYS, base_url=BASE)
    step("authenticate", client.authenticate, lambda token: token.count(".") == 2)
    step("the end of the token", lambda: client._token_expiry, lambda it: it.tzinfo is not None)
    ipn = step("register_ipn", lambda: client.register_ipn(IPN, "GET"), lambda it: it["status"] == "200")
    step("get_ipn_list", client.get_ipn_list, lambda all: ipn["ipn_id"] in [it["ipn_id"] for it in all])

    def submit():
        order = OrderRequest(
            amount=1500, currency="UGX", description="Two kangas", callback_url=CALLBACK,
            notification_id=ipn["ipn_id"], branch="Kisumu",
            billing_address=BillingAddress(email_address="achieng@example.com", country_code="UG"))
        return step("submit_order", lambda: client.submit_order(order), lambda it: it["status"] == "200")["order_tracking_id"]

    paid, failed, left = [submit() for _ in range(3)]
    aside("get_transaction_status, unpaid", UNPAID, lambda: client.get_transaction_status(paid), "Pending Payment")
    act(paid, "pay")
    act(failed, "fail")
    status = step("get_transaction_status, paid", lambda: client.get_transaction_status(paid),
                  lambda it: it["status_code"] == 1)
    step("get_transaction_status, failed", lambda: client.get_transaction_status(failed),
         lambda it: it["status_code"] == 2)
    refund = (status["confirmation_code"], 1500, "amina", "came back torn")
    step("refund", lambda: client.refund(*refund), lambda it: it["status"] == "200")
    step("refund, again", lambda: client.refund(*refund), lambda it: it["status"] == "500")
    step("cancel_order", lambda: client.cancel_order(left), lambda it: it["status"] == "200")
    step("cancel_order, paid", lambda: client.cancel_order(paid), lambda it: it["status"] == "500")
    assert truth(left)["status"] == "CANCELLED"
    aside("initiate_mobile_money_payment", "drives the gateway's own page in Chrome",
          lambda: client.initiate_mobile_money_payment("http://127.0.0.1/"), "Selenium is not installed")
    wrong = PesapalClient(KEYS[0], "guess", base_url=BASE)
    refused("authenticate, with a wrong secret", wrong.authenticate, "PesapalAuthError")


def pesapal_client():
    from pesapal_client.v3 import schemas
    from pesapal_client.v3.client import PesapalClientV3

    client = PesapalClientV3(*KEYS, base_url=BASE + "/api")
    wanted = schemas.IPNRegistrationRequest(url=IPN, ipn_notification_type="POST")
    ipn = step("register_ipn", lambda: client.ipn.register_ipn(wanted), lambda it: it.notification_type == 1)
    step("get_registered_ipns", client.ipn.get_registered_ipns,
         lambda all: ipn.ipn_id in [it.ipn_id for it in all])

    def order(kind=schemas.InitiatePaymentOrderRequest, **more):
        return kind(
            id=reference(), currency="KES", amount=1500, description="Two kangas", callback_url=CALLBACK,
            notification_id=ipn.ipn_id, **more,
            billing_address=schemas.BillingAddress(email_address="achieng@mail.com", zip_code=40100, postal_code=100))

    one_time = client.one_time_payment

    def submit():
        answer = step("initiate_payment_order", lambda: one_time.initiate_payment_order(order()),
                      lambda it: it.merchant_reference.startswith("SDK-"))
        return str(answer.order_tracking_id)

    paid, failed, left = [submit() for _ in range(3)]
    aside("get_payment_order_status, unpaid", UNPAID, lambda: one_time.get_payment_order_status(left), "Pending Payment")
    act(paid, "pay")
    act(failed, "fail")
    status = step("get_payment_order_status, paid", lambda: one_time.get_payment_order_status(paid),
                  lambda it: it.status_code.name == "COMPLETED")
    step("get_payment_order_status, failed", lambda: one_time.get_payment_order_status(failed),
         lambda it: it.status_code.name == "FAILED")
    refund = schemas.RefundRequest(confirmation_code=status.confirmation_code, amount="1500", username="amina",
                                   remarks="came back torn")
    step("initiate_refund", lambda: one_time.initiate_refund(refund), lambda it: it.status == 200)
    refused("initiate_refund, again", lambda: one_time.initiate_refund(refund), "received already")
    aside("cancel_payment", "is not written", lambda: one_time.cancel_payment(left), "NotImplementedError")
    details = schemas.SubscriptionDetails(start_date="01-02-2030", end_date="01-02-2031", frequency="MONTHLY")
    monthly = order(schemas.InitiateSubscriptionRequest, account_number="555-678", subscription_details=details)
    aside("initiate_subscription", "sends the address of the customer as the text of a Python object",
          lambda: client.subscription.initiate_subscription(monthly), "The request is invalid")
    aside("get_subscription_status", "wants a member that no recorded status has",
          lambda: client.subscription.get_subscription_status(paid), "subscription_transaction_info")
    client.close()


def pesapal_sdk():
    import pesapal_sdk.client
    from pesapal_sdk import models

    # It has no other way to name an address.
    pesapal_sdk.client.BASE_SANDBOX_URL = BASE + "/api"
    client = pesapal_sdk.PesapalClient(*KEYS)
    ipn = step("ipn.register", lambda: client.ipn.register(IPN, "POST"), lambda it: it["status"] == "200")
    step("ipn.get_all", client.ipn.get_all, lambda all: ipn["ipn_id"] in [it["ipn_id"] for it in all])

    def order(kind=models.OrderRequest, **more):
        return kind(
            id=reference(), currency="KES", amount=Decimal("1500.00"), description="Two kangas",
            callback_url=CALLBACK, notification_id=ipn["ipn_id"], **more,
            billing_address=models.BillingAddress(phone_number="0700000001", zip_code=40100))

    calls = client.transactions

    def submit():
        answer = step("submit_order", lambda: calls.submit_order(order()), lambda it: it["status"] == "200")
        return answer["order_tracking_id"]

    paid, failed, left = [submit() for _ in range(3)]
    step("get_status, unpaid", lambda: calls.get_status(paid), lambda it: it["status_code"] == 0)
    act(paid, "pay")
    act(failed, "fail")
    status = step("get_status, paid", lambda: calls.get_status(paid), lambda it: it["status_code"] == 1)
    step("get_status, failed", lambda: calls.get_status(failed), lambda it: it["status_code"] == 2)
    today = datetime.date.today()
    details = models.SubscriptionDetails(
        start_date=today, end_date=today + datetime.timedelta(days=90), frequency=models.Frequency.MONTHLY)
    monthly = order(models.SubscriptionPayment, account_number="555-678", subscription_details=details)
    recurring = step("create_subscription", lambda: calls.create_subscription(monthly),
                     lambda it: it["status"] == "200")["order_tracking_id"]
    step("get_status, recurring", lambda: calls.get_status(recurring), lambda it: it["account_number"] == "555-678")
    refund = models.RefundRequest(confirmation_code=status["confirmation_code"], amount=Decimal("1500.00"),
                                  username="amina", remarks="came back torn")
    step("refund_request", lambda: calls.refund_request(refund), lambda it: it["status"] == "200")
    step("refund_request, again", lambda: calls.refund_request(refund), lambda it: it["status"] == "500")
    step("cancel_order", lambda: calls.cancel_order(left), lambda it: it["status"] == "200")
    step("cancel_order, paid", lambda: calls.cancel_order(paid), lambda it: it["status"] == "500")
    assert truth(left)["status"] == "CANCELLED"


SDKS = {
    "pesapal-python-sdk": pesapal_python_sdk,
    "pesapal-python": pesapal_python,
    "pesapal-client": pesapal_client,
    "pesapal-sdk": pesapal_sdk,
}

name = sys.argv[1]
print(name)
SDKS[name]()
print(f"{name}: {len(RAN)} steps taken, {len(ASIDE)} left aside")
