"""A front end in a few lines: begins a diagnosis, follows it, prints what it came to. Needs Python 3.9 and nothing else.

    python3 examples/http-api/poll.py http://127.0.0.1:8080 海澜鞋业,云步 qwen,zhipu '推荐几款跑鞋？哪些耐磨？'

Where the server asks for a token, it stands in CATENA_TOKEN.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

WAIT_SECONDS = 25
PATIENCE_SECONDS = 5


class Refused(Exception):
    pass


def ask(url, body=None, headers=None):
    """Asks again, after as long as it is told to wait, when the server has too much to do or is about to stop."""
    token = os.environ.get("CATENA_TOKEN")
    sent = {"content-type": "application/json", **(headers or {})}
    if token:
        sent["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    while True:
        request = urllib.request.Request(url, data=data, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_SECONDS + 30) as response:
                return json.load(response)
        except urllib.error.HTTPError as refusal:
            told = json.load(refusal)
            if refusal.code not in (429, 503):
                raise Refused(f"{told['error']}: {told['message']}") from None
            time.sleep(int(refusal.headers.get("retry-after") or PATIENCE_SECONDS))


def main(base, brands, models, question):
    # Sent again after a lost answer, the key begins no second diagnosis.
    run = ask(
        f"{base}/api/perform-brand-test",
        {
            "brand_list": brands.split(","),
            "selectedModels": models.split(","),
            "custom_question": question,
            "userOpenid": "example",
        },
        {"idempotency-key": str(uuid.uuid4())},
    )["execution_id"]

    status = ask(f"{base}/test/status/{run}")
    while True:
        # A completed diagnosis may be preliminary: its calls go on, and a report of a later revision replaces this one.
        kind = ", preliminary" if status["is_completed"] and not status["final"] else ""
        print(f"{status['stage']} {status['progress']} % ({len(status['results'])} answers{kind})", file=sys.stderr)
        if status["final"]:
            break
        known = f"revision={status['revision']}" if status["is_completed"] else f"stage={status['stage']}"
        status = ask(f"{base}/test/status/{run}?wait={WAIT_SECONDS}&{known}")

    # A run that failed has ended too: only the stage tells which.
    if status["stage"] == "failed":
        raise Refused(f"the diagnosis failed in {status['failed_stage']}: {status['error']}")
    print(json.dumps(ask(f"{base}/api/deep-intelligence/{run}"), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: poll.py BASE_URL BRAND[,RIVAL…] MODEL[,MODEL…] QUESTIONS")
    try:
        main(*sys.argv[1:])
    except Refused as refused:
        sys.exit(str(refused))
