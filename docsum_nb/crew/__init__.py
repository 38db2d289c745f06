"""How CrewAI is used; the only place that imports it.

Importing this package takes seconds: it imports CrewAI.
"""

import warnings

with warnings.catch_warnings():
    # Its own modules warn of one another; where warnings are errors it could not be imported.
    warnings.simplefilter("ignore")
    import crewai as crewai
