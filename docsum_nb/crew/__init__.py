"""How CrewAI is used; the only place that imports it.

Importing this package takes seconds: it sets CrewAI's switches and imports CrewAI.
"""

import warnings

from docsum_nb import environment

environment.prepare()
with warnings.catch_warnings():
    # Its own modules warn of one another; where warnings are errors it could not be imported.
    warnings.simplefilter("ignore")
    import crewai as crewai
