"""Trust: pinned partners, two separate sets of trust stores, paths and revocation at a point in time.

Pure: evidence of revocation is an argument; nothing is fetched and no clock is read.
"""

from adapter.pipeline.trust.holder import signer
from adapter.pipeline.trust.stores import TIMESTAMPING, Algorithms, Partner, RevocationRules, Store, Unknown
from adapter.pipeline.trust.suitability import fitness, is_valid
from adapter.pipeline.trust.validation import Trust
from adapter.pipeline.trust.verdict import Moments, Verdict

__all__ = [
    "TIMESTAMPING",
    "Algorithms",
    "Moments",
    "Partner",
    "RevocationRules",
    "Store",
    "Trust",
    "Unknown",
    "Verdict",
    "fitness",
    "is_valid",
    "signer",
]
