"""One AMQP connection with one channel, kept open by a thread of its own.

The thread answers heartbeats while the caller works, and reconnects for ever, to the addresses in turn, with growing,
jittered pauses after each round of them. Everything that touches pika runs in that thread; callers hand it actions. An
action meant for an earlier channel is dropped, never done on the next one: delivery tags start again at 1 there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, Protocol

import pika.exceptions
import tenacity
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel
from tenacity.nap import sleep_using_event

from adapter.gateways.broker.address import (
    LIBRARY_ERRORS,
    BrokerAddress,
    BrokerUnavailable,
    parameters,
    reason_of,
    told,
)
from adapter.model.errors import Misconfigured

# A connection that dies younger than this counts as a failed try, so that one which the broker
# ends at once (a missing queue or right) is not reopened in a tight loop.
SETTLED_AFTER_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
LATE_S = 2
"""How late a heartbeat may be. pika's own check looks once in heartbeat + 5 s, so it needs up to twice that."""
SET_UP_S = 10.0
"""A channel must be ready after so many seconds: a cut-off node accepts the connection and then does not answer."""
FAREWELL_S = 2.0
"""Seconds for the broker to answer a close: a broker that stopped confirming does not answer it either."""


# Told what happens to the connection: the event's name, and fields by keyword; never a payload.
OnEvent = Callable[..., None]


def ignore_event(_: str, /, **fields: object) -> None:
    """A listener that does nothing."""


class Prepare(Protocol):
    """Sets up a fresh channel in the link's thread, and calls `ready` when it may be used."""

    def __call__(self, channel: Channel, generation: int, ready: Callable[[], None]) -> None: ...


class LinkState(Enum):
    """`DOWN`: the last try failed and a pause runs; whoever asks now should not wait."""

    CONNECTING = "connecting"
    READY = "ready"
    DOWN = "down"
    CLOSED = "closed"


class Link:
    """Keeps one channel open until `close`. `lost` is called after each end of a channel, in the link's thread.

    `blocked`: the broker is in alarm (a full disk, no memory) and reads nothing that is published.
    """

    def __init__(
        self, address: BrokerAddress, *, prepare: Prepare, lost: Callable[[str], None], on_event: OnEvent
    ) -> None:
        self._address = address
        for each in address.each:
            parameters(each)  # a wrong URL or file is reported before the first try
        self._prepare = prepare
        self._lost = lost
        self._on_event = on_event
        self._state = LinkState.CONNECTING
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._generation = 0
        self._connection: SelectConnection | None = None
        self._channel: Channel | None = None
        self._reason = "not connected yet"
        self._place = address.place
        self._next = 0
        self.blocked = False
        self._ready_since: float | None = None
        self._retrying = tenacity.Retrying(  # after any end of a session: a defect must not end this thread
            wait=tenacity.wait_exponential_jitter(multiplier=FIRST_PAUSE_S, max=LONGEST_PAUSE_S, jitter=FIRST_PAUSE_S),
            stop=tenacity.stop_when_event_set(self._closing),
            sleep=sleep_using_event(self._closing),
        )
        self._thread = threading.Thread(target=self._run, name=f"{address.client_name}-broker", daemon=True)
        self._thread.start()

    # -- for any thread -------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the channel may be used now."""
        return self._state is LinkState.READY

    def generation(self, *, wait_s: float) -> int:
        """The open channel's generation; waits for a try that is under way, never for a pause.

        Raises: BrokerUnavailable.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._state is not LinkState.CONNECTING, timeout=wait_s)
            if self._state is LinkState.READY:
                return self._generation
            raise BrokerUnavailable(f"broker {self._address.place}: {self._reason}")

    def call(self, action: Callable[[Channel], None], *, generation: int | None = None) -> bool:
        """Runs `action` in the link's thread, on the channel of that generation only; False if it is closed."""
        with self._changed:
            wanted = self._generation if generation is None else generation
            if self._state is not LinkState.READY or wanted != self._generation or self._connection is None:
                return False
            self._connection.ioloop.add_callback_threadsafe(partial(self._act, action, wanted))
            return True

    def drop(self, reason: str) -> None:
        """Ends this connection; a new one is made."""
        with self._changed:
            if self._state is not LinkState.READY or self._connection is None:
                return
            self._enter(LinkState.DOWN, reason)  # a broker in alarm does not answer a close: do not wait for it
            self._connection.ioloop.add_callback_threadsafe(partial(self._end, self._connection, reason))

    def close(self, *, timeout_s: float = 10.0) -> None:
        """Runs the actions handed in, then closes; unacknowledged deliveries go back to their queue."""
        with self._changed:
            self._closing.set()
            if self._connection is not None:
                self._connection.ioloop.add_callback_threadsafe(partial(self._end, self._connection, "closed by us"))
        self._thread.join(timeout_s)

    # -- in the link's thread -------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._retrying(self._session)
        except tenacity.RetryError:
            pass  # only because we are closing
        finally:
            with self._changed:
                self._enter(LinkState.CLOSED, "closed by us")

    def _session(self) -> None:
        """The addresses in turn, until one lasts; when that has ended, the one after it is tried first, itself last.

        Raises: BrokerUnavailable where none did.
        """
        each = self._address.each
        for at in range(self._next, self._next + len(each)):
            last = at == self._next + len(each) - 1
            if self._closing.is_set() or self._lasts(each[at % len(each)], last=last):
                self._next = (at + 1) % len(each)
                return
        raise BrokerUnavailable(self._reason)

    def _lasts(self, address: BrokerAddress, *, last: bool) -> bool:
        """One connection from its opening to its end: whether it was of use. After the `last` one a pause follows."""
        connection = self._begun(address)
        if connection is not None:
            self._place = address.place
            try:
                connection.ioloop.start()
            except Exception as defect:  # noqa: BLE001  # a defect ends the connection, not the thread
                self._ended(connection, defect)
        with self._changed:
            was_ready = self._ready_since is not None
            lasted = time.monotonic() - (self._ready_since or time.monotonic())
            self._connection = self._channel = self._ready_since = None
            pausing = last and lasted < SETTLED_AFTER_S
            self._enter(LinkState.DOWN if pausing else LinkState.CONNECTING, self._reason)
        if connection is not None:
            connection.ioloop.close()
        self._lost(self._reason)
        if not self._closing.is_set():
            name = "broker.lost" if was_ready else "broker.unreachable"
            self._on_event(name, place=address.place, reason=self._reason)
        return lasted >= SETTLED_AFTER_S

    def _begun(self, address: BrokerAddress) -> SelectConnection | None:
        """A connection that is being made, with the certificates as their files are now; None where that fails."""
        with self._changed:
            self._enter(LinkState.CONNECTING, self._reason)
            try:
                self._connection = SelectConnection(
                    parameters(address),
                    on_open_callback=self._opened,
                    on_open_error_callback=self._ended,
                    on_close_callback=self._ended,
                )
            except Misconfigured as problem:  # a certificate's file that is being replaced
                self._reason = str(problem)
            except LIBRARY_ERRORS as problem:  # no file descriptor is free
                self._reason = told(problem)
            return self._connection

    def _opened(self, connection: Any) -> None:
        self.blocked = False
        connection.add_on_connection_blocked_callback(partial(self._alarm, True))
        connection.add_on_connection_unblocked_callback(partial(self._alarm, False))
        connection.channel(on_open_callback=partial(self._channel_opened, connection))
        connection.ioloop.call_later(SET_UP_S, partial(self._late, connection))
        self._listen(connection)

    def _alarm(self, blocked: bool, *_: object) -> None:
        self.blocked = blocked
        self._on_event("broker.blocked" if blocked else "broker.unblocked")

    def _late(self, connection: SelectConnection) -> None:
        if self._channel is None:
            self._end(connection, f"it let us in and answered nothing more for {SET_UP_S:g} s")

    def _listen(self, connection: Any, heard: int = 0, silent_s: int = 0) -> None:
        """End the connection to a silent peer: the machine of a frozen process still acknowledges TCP packets.

        Looks each second and counts looks, so that a pause of this process is not taken for one of the peer.
        """
        silent_s = silent_s + 1 if connection.bytes_received == heard else 0
        if silent_s >= self._address.heartbeat_s + LATE_S:
            # As pika's own check does: a close in order would wait for the peer's answer.
            connection._terminate_stream(pika.exceptions.AMQPHeartbeatTimeout(f"not heard for {silent_s} s"))
        else:
            connection.ioloop.call_later(1.0, partial(self._listen, connection, connection.bytes_received, silent_s))

    def _channel_opened(self, connection: SelectConnection, channel: Channel) -> None:
        channel.add_on_close_callback(lambda _, problem: self._end(connection, reason_of(problem)))
        with self._changed:
            self._generation += 1
            generation = self._generation
        self._prepare(channel, generation, partial(self._ready, connection, channel))

    def _ready(self, connection: SelectConnection, channel: Channel) -> None:
        if self._closing.is_set():
            self._end(connection, "closed by us")
            return
        with self._changed:
            self._channel = channel
            self._ready_since = time.monotonic()
            self._enter(LinkState.READY, "")
        self._on_event("broker.connected", place=self._place)

    def _act(self, action: Callable[[Channel], None], generation: int) -> None:
        channel = self._channel
        if channel is not None and channel.is_open and generation == self._generation:
            try:
                action(channel)
            except LIBRARY_ERRORS as problem:
                self.drop(reason_of(problem))

    def _end(self, connection: SelectConnection, reason: str) -> None:
        if not (connection.is_closing or connection.is_closed):
            self._reason = reason
            connection.ioloop.call_later(FAREWELL_S, partial(self._cut, connection))
            connection.close()

    def _cut(self, connection: Any) -> None:
        if not connection.is_closed:
            connection._terminate_stream(pika.exceptions.ConnectionClosedByClient(200, self._reason))

    def _ended(self, connection: Any, problem: object) -> None:
        if not isinstance(problem, pika.exceptions.ConnectionClosedByClient):
            self._reason = told(problem)
        connection.ioloop.stop()

    def _enter(self, state: LinkState, reason: str) -> None:
        self._state, self._reason = state, reason or self._reason
        self._changed.notify_all()
