"""The gateway at work on a stage: app, worker and a provider, with accounts that may send as fast as they can."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.bench.stage import Servers, Stage, answering, free_ports, process, scene

_ENOUGH = 100_000
_TWILIO_SID, _SMS_FROM, _PHONE_NUMBER_ID = "AC" + "5a" * 16, "+15005550006", "100000000000001"


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A stage, the port of its provider, and the process ids of app and worker."""

    stage: Stage
    provider_port: int
    app_pid: int
    worker_pid: int


@asynccontextmanager
async def at_work(running: Servers) -> AsyncIterator[Work]:
    """Start provider, app and worker for the while."""
    port = free_ports(1)[0]
    async with scene(running, config=_config(port)) as set_stage:
        with (
            process(set_stage.environ, "gateway.bench.provider", str(port)),
            process(set_stage.environ, "gateway.cli", "app") as app,
            process(set_stage.environ, "gateway.cli", "worker") as worker,
        ):
            await answering(f"http://127.0.0.1:{port}/")
            await answering(f"{set_stage.settings.public_url}/readyz")
            yield Work(stage=set_stage, provider_port=port, app_pid=app.pid, worker_pid=worker.pid)


def _config(port: int) -> str:
    """Write the eshnav.toml of accounts whose provider listens on this port."""
    sms = f'{{address = "{_SMS_FROM}", sends_per_second = {_ENOUGH}}}'
    cloud = f'{{address = "{_PHONE_NUMBER_ID}", sends_per_second = {_ENOUGH}}}'
    return "\n".join(
        (
            "[twilio]",
            f"account_sid = {json.dumps(_TWILIO_SID)}",
            'auth_token = "bench-token"',
            f'api_base = "http://127.0.0.1:{port}"',
            f"sms_from = [{sms}]",
            "[whatsapp]",
            'token = "bench-token"',
            'app_secret = "bench-app-secret"',
            'verify_token = "bench-verify-token"',
            f'api_base = "http://127.0.0.1:{port}/v25.0"',
            f"phone_number_id = [{cloud}]",
        )
    )
