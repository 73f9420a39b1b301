"""The one place where parts meet: settings in, use cases out. Chooses; decides nothing."""

from adapter.bootstrap.clock_and_ids import new_message_id, new_secret, now
from adapter.bootstrap.house import House, house

__all__ = ["House", "house", "new_message_id", "new_secret", "now"]
