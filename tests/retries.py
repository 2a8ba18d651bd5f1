"""Programs that send again: each submission 1 to 6 times over a bad network, and pairs that correct one version."""

import json
import random
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.network import send

CASES = "/api/v1/cases/"
CLIENTS = 8
MOST_TIMES = 6


@dataclass
class Heard:
    """What the clients heard: per key each different answer, and how often which status."""

    answers: dict = field(default_factory=lambda: defaultdict(set))
    statuses: Counter = field(default_factory=Counter)
    requests: int = 0


def submit(port, submissions, keys, seed=1):
    """Send each submission 1 to 6 times in any order, some at the same moment, then those without an answer until
    there is one."""
    drawn, heard = random.Random(seed), Heard()
    turns = [place for place in range(len(submissions)) for _ in range(drawn.randint(1, MOST_TIMES))]
    turns.sort(
        key=lambda place: place + drawn.random() * CLIENTS
    )  # repetitions near each other, often together

    def attempt(place):
        headers = _headers(keys[place % len(keys)], **{"Idempotency-Key": f"submission {place}"})
        return place, send(port, "POST", CASES, submissions[place], headers)

    with ThreadPoolExecutor(CLIENTS) as pool:
        while turns:
            for place, answer in pool.map(attempt, turns):
                _note(heard, place, answer)
            turns = [place for place in range(len(submissions)) if not heard.answers[place]]
    return heard


def _note(heard, place, answer):
    heard.requests += 1
    if answer is None:
        return
    status, headers, body = answer
    heard.statuses[status] += 1
    told = tuple(headers.get(name) for name in ("Location", "ETag", "Content-Type", "Content-Language"))
    if not (status >= 500 or b"request_in_progress" in body):
        heard.answers[place].add((status, told, body))


def correct_in_pairs(port, addresses, keys):
    """Two programs correct each case at the same moment, both with the version that they read: status of each pair."""

    def correct(turn):
        address, place, side = turn
        number = f"P-{place}"
        body = json.dumps({"case_number": number, "note": f"from {side}"}).encode()
        return send(port, "PUT", address, body, _headers(keys[place % len(keys)], **{"If-Match": '"1"'}))

    turns = [(address, place, side) for place, address in enumerate(addresses) for side in "ab"]
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(correct, turns))
    pairs = list(zip(answers[::2], answers[1::2], strict=True))
    return [sorted(status for status, _, _ in pair) for pair in pairs], pairs


def _headers(key, **more):
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **more}
