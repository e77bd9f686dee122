"""Every name we use in Redis, in one place: channels, hashes, and the keys that carry an id."""

WAKE_UPS = "eshnav:doorbell"
LIVE_UPDATES = "eshnav:news"
SENDS = "eshnav:sends"
_BUCKET = "eshnav:rate:"
_PAIR = "eshnav:pair:"
_PROCESS = "eshnav:process:"
ALL_PAIRS = f"{_PAIR}*"
ALL_PROCESSES = f"{_PROCESS}*"


def bucket(name: str) -> str:
    """Name the token bucket of an endpoint."""
    return f"{_BUCKET}{name}"


def pair(endpoint_id: int, address_id: int) -> str:
    """Name the token bucket of one of our endpoints towards one person's address."""
    return f"{_PAIR}{endpoint_id}:{address_id}"


def address_of_pair(key: str) -> str:
    """Read the address's id back from the name of a pair's bucket."""
    return key.rpartition(":")[2]


def process(role: str, name: str) -> str:
    """Name what a living process says of itself."""
    return f"{_PROCESS}{role}:{name}"


def process_of(key: str) -> tuple[str, str]:
    """Read role and name back from a process's key."""
    role, _, name = key.removeprefix(_PROCESS).partition(":")
    return role, name
