"""Imports a list of orders as a script of a few lines would: csv and sqlite3, in batches of 1,000.

It checks what `duka track` checks at least: the time, and the amount. Usage: import.py LIST STORE
"""

import csv
import sqlite3
import sys
from datetime import datetime
from decimal import Decimal
from itertools import islice

store = sqlite3.connect(sys.argv[2])
store.execute(
    "CREATE TABLE orders (account TEXT NOT NULL, order_id TEXT NOT NULL, created_at INTEGER NOT NULL,"
    " amount TEXT NOT NULL, currency TEXT NOT NULL, tracking TEXT NOT NULL, PRIMARY KEY (account, order_id))"
)
store.execute("CREATE INDEX orders_pending ON orders (created_at) WHERE tracking = 'pending'")


def row(listed):
    created = datetime.fromisoformat(listed["created_at"].replace("Z", "+00:00"))
    amount = str(Decimal(listed["amount"]))
    moment = int(created.timestamp() * 1_000_000)
    return listed["account"], listed["order"], moment, amount, listed["currency"], "pending"


with open(sys.argv[1], newline="") as file:
    rows = map(row, csv.DictReader(file))
    while batch := list(islice(rows, 1000)):
        with store:
            store.executemany("INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?, ?, ?)", batch)
