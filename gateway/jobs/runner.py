"""Queueing jobs and running them with RQ: one queue, JSON instead of pickle, and clocks that ring even with many hosts.

What the jobs do is `gateway.jobs.work`'s. Redis may forget a job at any time; the clocks and the worker's own look at
the database queue it again. Run as a program it is RQ's worker or its clock, and reads the URL of Redis from standard
input: the URL may hold a password, and reading all settings would triple its memory.
"""

import signal
import sys
import time
from contextlib import suppress

from redis import Redis
from rq import Queue, Retry, Worker
from rq.cron import CronJob, CronScheduler
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from gateway.embedded.process import follow_parent
from gateway.jobs import work
from gateway.runtime.clock import now

QUEUE = "eshnav"
_DAY_SECONDS = 86_400
_FAILURES_KEPT_SECONDS = 7 * _DAY_SECONDS
_TIMEOUT_SECONDS = 300


def enqueue(connection: Redis, function: str, *, once_in_seconds: int) -> bool:
    """Queue a job of `gateway.jobs.work` by name; False when someone already did in this stretch of time."""
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
    with suppress(DuplicateJobError):
        queue.enqueue(
            f"gateway.jobs.work.{function}",
            job_id=f"{function}-{int(time.time()) // once_in_seconds}",
            unique=True,
            job_timeout=_TIMEOUT_SECONDS,
            result_ttl=once_in_seconds,
            failure_ttl=_FAILURES_KEPT_SECONDS,
            retry=Retry(max=2),
        )
        return True
    return False


def run_worker(redis_url: str) -> None:
    """Run queued jobs, each in a process of its own, until SIGTERM; then finish the one at hand.

    One queue per worker process, since with more than one RQ may lose a job when it is killed. The intervals make the
    jobs of a killed worker come back within a minute or two.
    """
    connection = Redis.from_url(redis_url)
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
    worker = Worker(
        [queue],
        connection=connection,
        serializer=JSONSerializer,
        maintenance_interval=30,
        worker_ttl=60,
        job_monitoring_interval=5,
    )
    worker.work(logging_level="WARNING")


def run_clock(redis_url: str) -> None:
    """Queue what is due by the clock, until SIGTERM. Any number of hosts may run one."""
    clock = Clock(Redis.from_url(redis_url), logging_level="WARNING")
    clock.register(work.forget, QUEUE, interval=_DAY_SECONDS // 24)
    clock.start()  # type: ignore[no-untyped-call]  # rq has not typed it


class Clock(CronScheduler):
    """RQ's cron with our serializer, and with job ids that let the clocks of several hosts queue a job only once."""

    def enqueue_jobs(self) -> list[CronJob]:
        """Queue what is due, and give it."""
        due = [job for job in self.get_jobs() if job.should_run()]
        for job in due:
            enqueue(self.connection, job.func_name.rpartition(".")[2], once_in_seconds=job.interval or _DAY_SECONDS)
            job.set_enqueue_time(now())
        return due


if __name__ == "__main__":
    follow_parent(int(sys.argv[2]), signal.SIGTERM)
    {"worker": run_worker, "clock": run_clock}[sys.argv[1]](sys.stdin.readline().strip())
