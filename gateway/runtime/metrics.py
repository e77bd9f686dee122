"""The figures Eshnav keeps of itself in this process, as Prometheus metrics; what SQL can count is not here."""

from prometheus_client import Counter, Gauge, Histogram

INTAKE_BATCH_SIZE = Histogram(
    "eshnav_intake_batch_size", "Payloads committed in one transaction", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
INTAKE_SECONDS = Histogram(
    "eshnav_intake_seconds",
    "From arrival of a payload until it is committed or spooled",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
INTAKE_PAYLOADS = Counter("eshnav_intake_payloads", "Payloads taken in, by what became of them", ["outcome"])
INTAKE_DECISIONS = Counter("eshnav_intake_decisions", "Inbound messages by what routing decided", ["action"])
SPOOL_SIZE = Gauge("eshnav_spool_size", "Payloads on disk waiting for PostgreSQL to come back")
