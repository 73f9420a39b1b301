"""Assembles the components of a process: settings in, use cases out. It contains choices and no decisions."""

from adapter.bootstrap.clock_and_ids import new_message_id, new_secret, now
from adapter.bootstrap.components import Components, assemble
from adapter.bootstrap.reach import OutOfReach, Reach

__all__ = ["Components", "OutOfReach", "Reach", "assemble", "new_message_id", "new_secret", "now"]
