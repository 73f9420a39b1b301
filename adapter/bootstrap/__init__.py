"""Assembly of all parts: settings in, use cases out. Contains choices and no decisions."""

from adapter.bootstrap.clock_and_ids import new_message_id, new_secret, now
from adapter.bootstrap.house import House, house
from adapter.bootstrap.reach import OutOfReach, Reach

__all__ = ["House", "OutOfReach", "Reach", "house", "new_message_id", "new_secret", "now"]
