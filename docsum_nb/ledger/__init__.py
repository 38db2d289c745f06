"""What survives: the answers of every model, and the runs that asked for them, in one SQLite file.

Safe for several threads and processes at once, and when one of them is killed. Holds what the user
sent or got, and no keys: the answers, the texts that exist nowhere else, the arguments of the runs.
"""

from docsum_nb.ledger.answers import Ledger
from docsum_nb.ledger.forgetting import Forgotten, forget
from docsum_nb.ledger.history import History
from docsum_nb.ledger.keys import key_of, stored_json
from docsum_nb.ledger.run_list import Runs, runs
from docsum_nb.ledger.run_record import Attempt, RunRecord, Totals
from docsum_nb.ledger.sqlite_file import default_path

__all__ = [
    "Attempt",
    "Forgotten",
    "History",
    "Ledger",
    "RunRecord",
    "Runs",
    "Totals",
    "default_path",
    "forget",
    "key_of",
    "runs",
    "stored_json",
]
