"""The queues as the broker's management interface tells them (RabbitMQ's HTTP API, /api/queues)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from adapter.gateways.http_client import TAKEN, Endpoint, ask
from adapter.model.errors import Misconfigured, Unavailable

_REFUSED = (401, 403)
_COLUMNS = "name,messages,messages_ready,messages_unacknowledged,consumers,message_stats"


class _Rate(BaseModel):
    model_config = ConfigDict(frozen=True)
    rate: float = 0.0


class _Statistics(BaseModel):
    model_config = ConfigDict(frozen=True)
    publish: int | None = None
    publish_details: _Rate = _Rate()
    deliver_get_details: _Rate = _Rate()
    redeliver: int = 0
    redeliver_details: _Rate = _Rate()


class _Queue(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str
    messages: int | None = None
    messages_ready: int | None = None
    messages_unacknowledged: int | None = None
    consumers: int | None = None
    message_stats: _Statistics = _Statistics()


_QUEUES = TypeAdapter(list[_Queue])


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """One queue. Rates are messages a second; counts since the broker began; None: the broker has not told it yet."""

    name: str
    messages: int | None
    ready: int | None
    unacknowledged: int | None
    consumers: int | None
    published: int | None
    in_rate: float
    out_rate: float
    redelivered: int
    redelivery_rate: float


@dataclass(frozen=True, slots=True)
class Management:
    """Where it is, and as whom it is asked: a user with the tag `monitoring`. `vhost` as a URL writes it."""

    url: str
    user: str
    password_file: Path
    vhost: str
    ca: Path | None = None
    timeout_s: float = 10.0

    @staticmethod
    def vhost_of(broker_url: str) -> str:
        """The virtual host that a URL of AMQP names; `/` where it names none."""
        return urlsplit(broker_url).path.removeprefix("/") or quote("/", safe="")

    def queues(self) -> list[QueueCounts]:
        """Every queue of the virtual host.

        Raises:
            Misconfigured: a file cannot be read, or the user is refused.
            Unavailable: it cannot be reached, does not answer in time, or with anything else than queues.
        """
        endpoint = Endpoint(
            f"{self.url.rstrip('/')}/api/queues/{self.vhost}?columns={_COLUMNS}", self.ca, self.timeout_s
        )
        try:
            told = ask(endpoint, "GET", headers={"Authorization": f"Basic {self._credentials()}"})
        except Unavailable as error:
            raise Unavailable(f"the broker's management interface at {endpoint.host}: {error}") from None
        if told.status in _REFUSED:
            raise Misconfigured(
                f"the broker's management interface at {endpoint.host} refuses {self.user}: set the password of "
                "broker.management.password_file, and the tag `monitoring`"
            )
        if told.status not in TAKEN:
            raise Unavailable(f"the broker's management interface at {endpoint.host} answers {told.status}")
        try:
            return [_counts(each) for each in _QUEUES.validate_json(told.body)]
        except ValidationError:
            raise Unavailable(f"what answers at {endpoint.host} is no management interface of RabbitMQ") from None

    def _credentials(self) -> str:
        try:
            password = self.password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "no UTF-8"
            raise Misconfigured(f"broker.management.password_file: cannot read {self.password_file}: {why}") from None
        return b64encode(f"{self.user}:{password}".encode()).decode("ascii")


def _counts(queue: _Queue) -> QueueCounts:
    seen = queue.message_stats
    return QueueCounts(
        name=queue.name,
        messages=queue.messages,
        ready=queue.messages_ready,
        unacknowledged=queue.messages_unacknowledged,
        consumers=queue.consumers,
        published=seen.publish,
        in_rate=seen.publish_details.rate,
        out_rate=seen.deliver_get_details.rate,
        redelivered=seen.redeliver,
        redelivery_rate=seen.redeliver_details.rate,
    )
