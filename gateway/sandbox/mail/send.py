"""Hands a mail to the product's SMTP edge, as any mail server would."""

from dataclasses import dataclass

import aiosmtplib

from gateway.sandbox.settings import Settings

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpReply:
    """What the product's edge said in the end: its code (0: nobody answered) and words."""

    code: int
    text: str

    @property
    def is_success(self) -> bool:
        """The product took the mail."""
        return 200 <= self.code < 300  # noqa: PLR2004  # the 2xx class


async def deliver(settings: Settings, sender: str, recipient: str, raw: bytes) -> SmtpReply:
    """Deliver one mail; refusals and silence are replies too, never errors."""
    client = aiosmtplib.SMTP(
        hostname=settings.gateway_smtp_host,
        port=settings.gateway_smtp_port,
        timeout=_TIMEOUT_SECONDS,
        start_tls=False,
        use_tls=False,
        local_hostname="mx.sandbox.invalid",
    )
    try:
        async with client:
            _, text = await client.sendmail(sender, [recipient], raw)
            return SmtpReply(code=250, text=f"250 {text}")
    except aiosmtplib.SMTPRecipientsRefused as error:
        refused = error.recipients[0]
        return SmtpReply(code=refused.code, text=f"{refused.code} {refused.message}")
    except aiosmtplib.SMTPResponseException as error:
        return SmtpReply(code=error.code, text=f"{error.code} {error.message}")
    except (aiosmtplib.SMTPException, OSError) as error:
        return SmtpReply(code=0, text=str(error) or type(error).__name__)
