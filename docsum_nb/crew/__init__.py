"""How CrewAI is used; the only place that imports it.

Importing this package takes seconds: it imports CrewAI.
"""

import warnings

from docsum_nb.errors import UpstreamError
from docsum_nb.run import without_collection

with warnings.catch_warnings(), without_collection():
    # Its own modules warn of one another; where warnings are errors it could not be imported.
    warnings.simplefilter("ignore")
    try:
        import crewai as crewai
    except ImportError as error:
        raise UpstreamError(f"crewai cannot be imported: {error}") from error
