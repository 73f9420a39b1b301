"""Who may sign as what: pinned partners, two trust worlds never mixed, paths and revocation at a point in time.

Pure: evidence of revocation is handed in, nothing is fetched and no clock is read here.
"""

from adapter.pipeline.trust.holder import signer
from adapter.pipeline.trust.judgement import Trust
from adapter.pipeline.trust.stores import Partner, Store
from adapter.pipeline.trust.suitability import fitness
from adapter.pipeline.trust.verdict import Moments, Verdict

__all__ = ["Moments", "Partner", "Store", "Trust", "Verdict", "fitness", "signer"]
