"""The broker: receives deliveries, publishes replies with confirms, reads the quarantine.

Properties and headers of a message are claims; they are not judged here. pika's exceptions and threads
never leave this package.
"""

from adapter.gateways.broker.address import BrokerAddress, BrokerRefused, BrokerUnavailable, TlsFiles, probe
from adapter.gateways.broker.consumer import Consumer
from adapter.gateways.broker.messages import (
    Confirmed,
    Delivery,
    Nacked,
    Outgoing,
    Returned,
    Tag,
    Unconfirmed,
    Verdict,
    short,
)
from adapter.gateways.broker.publisher import Publisher
from adapter.gateways.broker.quarantine import browse, drain, take

__all__ = [
    "BrokerAddress",
    "BrokerRefused",
    "BrokerUnavailable",
    "Confirmed",
    "Consumer",
    "Delivery",
    "Nacked",
    "Outgoing",
    "Publisher",
    "Returned",
    "Tag",
    "TlsFiles",
    "Unconfirmed",
    "Verdict",
    "browse",
    "drain",
    "probe",
    "short",
    "take",
]
