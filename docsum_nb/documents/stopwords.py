"""English words that say nothing of a text's subject.

Other languages need no list to be summarized or cited: inverse document frequency takes most of the
weight from words that stand in every sentence; the list only sharpens English.
"""

from __future__ import annotations

__all__ = ["STOP_WORDS"]

_LISTED = """
a about above after again against all almost also although always am among an and another any
anyone anything are aren't around as at away back be became because become been before being
below between both but by came can can't cannot come could couldn't did didn't do does doesn't
doing don't done down during each either else enough etc even ever every everything few first
for from further gave get gets getting give given go goes going gone gonna good got had hadn't
has hasn't have haven't having he her here hers herself him himself his how however i i'd i'll
i'm i've if in indeed instead into is isn't it it's its itself just keep kind know last least
less let let's like likely look lot made make makes many may maybe me mean means might mine more
most much must my myself need neither never no nor not nothing now of off often oh ok okay on
once one ones only onto or other others ought our ours ourselves out over own part per perhaps
put quite rather really right said same saw say says see seem seems seen several shall she
should shouldn't since so some someone something sometimes sort still such sure take taken than
that that's the their theirs them themselves then there there's these they they're thing things
think this those though through thus to together too toward two uh um under unless until up upon
us use used using usually very via want was wasn't way we we'd we'll we're we've well went were
weren't what whatever when where whether which while who whole whom whose why will with within
without won't would wouldn't yeah yes yet you you'd you'll you're you've your yours yourself
"""

STOP_WORDS = frozenset(_LISTED.split())
