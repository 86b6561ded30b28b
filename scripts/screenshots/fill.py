"""Fill an app's queue with an hour in the life of a shop, the same each time but for the clock."""

import json
import random
import time

from corner_shop.runtime import open_app
from corner_shop.runtime.job import Finished, Job, NewJob, Outcome, State
from corner_shop.runtime.queue.overview import BOUNDS, Filter, Tally
from corner_shop.runtime.queue.protocol import ANY_QUEUE
from corner_shop.runtime.queue.sqlite import SqliteQueue

NAMES = {
    "send_receipt": ("mail", 0.18),
    "resize_photo": ("media", 1.4),
    "sync_stock": ("default", 0.35),
    "charge_card": ("payments", 0.6),
}
"""Each job's queue, and the seconds that it usually takes."""

WORKERS = {"a": (4, 412, "web-1"), "b": (8, 907, "worker-1")}
"""The threads, the number and the host of each process."""

TRACEBACK = """\
PaymentError: the bank did not answer within 10 s

Traceback (most recent call last):
  File "/srv/shop/src/corner_shop/jobs/charge_card.py", line 24, in run
    receipt = bank.charge(params.order, params.amount, timeout=10)
  File "/srv/shop/src/corner_shop/bank.py", line 61, in charge
    answer = self._post("/charges", order=order, amount=amount)
  File "/srv/shop/src/corner_shop/bank.py", line 38, in _post
    raise PaymentError(f"the bank did not answer within {timeout} s")
corner_shop.bank.PaymentError: the bank did not answer within 10 s
"""
ERRORS = {
    "charge_card": TRACEBACK,
    "resize_photo": "UnidentifiedImageError: cannot identify image file 'upload-4411.heic'",
    "send_receipt": "SMTPRecipientsRefused: 550 mailbox unavailable: kim@example.org",
    "sync_stock": "HTTPStatusError: 502 Bad Gateway from https://stock.example.org/v2/items",
}
RUNNING = [
    ("a", "export_orders", "reports", 84, 0.62, "18,600 of 30,000 orders"),
    ("a", "resize_photo", "media", 6, 0.25, "1 of 4 sizes"),
    ("b", "import_catalogue", "media", 310, 0.88, "page 44 of 50"),
    ("b", "charge_card", "payments", 2, None, None),
    ("b", "rebuild_search", "default", 41, 0.4, "12,000 of 30,000 products"),
    ("b", "resize_photo", "media", 1, 0.75, "3 of 4 sizes"),
]


class Hour:
    """Plays an hour on a queue, with a clock of its own."""

    def __init__(self, queue: SqliteQueue, now: float) -> None:
        self.now = now - 3600
        self._end = now
        self._queue = queue
        self._draw = random.Random(7)  # noqa: S311 - the same hour each time
        queue._clock = lambda: self.now

    def play(self) -> None:
        """Play it to its end."""
        self._queue.register("past", threads=12)
        for minute in range(60):
            self._play_minute(minute)
            self.now += 60
        self._queue.leave("past")
        self._play_now()

    def _play_minute(self, minute: int) -> None:
        rush = 1.0 + (1.6 if 22 <= minute <= 31 else 0.0)
        for name, (queue, usual) in NAMES.items():
            share = 1.0 if name == "send_receipt" else 0.4
            count = round(self._draw.uniform(60, 90) * rush * share)
            self._queue.enqueue([self._new(name, queue) for _ in range(count)])
            jobs = self._queue.exchange("past", [], {queue: count}).claimed
            sick = 0.09 if name == "charge_card" and 36 <= minute <= 42 else 0.002
            ends = [self._outcome(job, sick) for job in jobs]
            self._queue.exchange("past", [Finished(*each) for each in ends], {})
            waited = self._draw.uniform(0.03, 0.08) * rush**4
            ran = usual * self._draw.uniform(0.7, 1.4) * rush**0.5
            self._tally(name, queue, [outcome for _, outcome in ends], waited, ran)

    def _new(self, name: str, queue: str) -> NewJob:
        order = self._draw.randrange(10_000, 99_999)
        params = {"order": order, "amount": "42.50", "card_token": "tok_5eCrEt"}
        payload = json.dumps(params if name == "charge_card" else {"order": order})
        return NewJob(name=name, payload=payload, queue=queue, max_attempts=3)

    def _outcome(self, job: Job, sick: float) -> tuple[Job, Outcome]:
        if self._draw.random() < sick:
            return job, Outcome(State.FAILED, ERRORS[job.name])
        return job, Outcome(State.COMPLETED)

    def _tally(self, name: str, queue: str, ends: list[Outcome], waited: float, ran: float) -> None:
        minute = int(self.now // 60)
        bucket = next(place for place, bound in enumerate(BOUNDS) if ran <= bound)
        for state in (State.COMPLETED, State.FAILED):
            if count := sum(end.state is state for end in ends):
                sums = (count, waited * count, ran * count)
                self._queue.tally([Tally(minute, queue, name, str(state), bucket, *sums)])
        if retried := round(len(ends) * self._draw.uniform(0, 0.05)):
            sums = (retried, waited * retried, ran * retried)
            self._queue.tally([Tally(minute, queue, name, "retried", bucket, *sums)])

    def _play_now(self) -> None:
        for process, (threads, *_) in WORKERS.items():
            self._queue.register(process, threads)
        for process, name, queue, since, progress, note in RUNNING:
            self.now = self._end - since
            self._queue.enqueue([self._new(name, queue)])
            (job,) = self._queue.exchange(process, [], {ANY_QUEUE: 1}).claimed
            if progress is not None:
                self._queue.report([(job, progress, note)])
        self.now = self._end - 9
        for name, count in (("send_receipt", 37), ("resize_photo", 112), ("sync_stock", 4)):
            self._queue.enqueue([self._new(name, NAMES[name][0]) for _ in range(count)])
        self._queue.enqueue(
            [
                NewJob(name="send_reminder", payload="{}", queue="mail", delay=60.0 * n)
                for n in range(1, 217)
            ]
        )
        self._queue.pause("reports")


def rename(queue: SqliteQueue, now: float) -> None:
    """Give the processes the hosts and ages of a shop's, and recurring jobs their last runs."""
    ticks = [("nightly_report", "0 3 * * * Europe/Berlin"), ("purge_carts", "*/15 * * * * UTC")]

    def operation(db: object) -> None:
        for process, (_, pid, host) in WORKERS.items():
            db.execute(
                "UPDATE processes SET pid = ?, host = ?, started_at = ?, heartbeat_at = ? "
                "WHERE id = ?",
                (pid, host, now - 93_000, now, process),
            )
        db.execute(
            "UPDATE jobs SET attempt = max_attempts, run_at = finished_at - 10.4, "
            "started_at = finished_at - 10.02 WHERE state = 'failed'"
        )
        for name, schedule in ticks:
            db.execute("INSERT INTO cron_ticks VALUES (?, ?, ?)", (name, now - 500, schedule))

    queue._database.write(operation)


with open_app() as app:
    begun = time.time()
    Hour(app.queue, begun).play()
    rename(app.queue, begun)
    print(app.queue.page(Filter(state=State.FAILED, name="charge_card"), limit=1).jobs[0].id)
