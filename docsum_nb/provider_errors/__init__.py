"""What went wrong between this machine and a provider: its kind, its words, and what to change.

Knows no client library by import: exceptions are recognized by the names of their classes, so that
one table serves LiteLLM, the providers' own SDKs and plain sockets.
"""

from docsum_nb.provider_errors.addresses import address_problem, is_loopback, public_address
from docsum_nb.provider_errors.cause_table import Failure
from docsum_nb.provider_errors.classification import failure_of_reply, status_in
from docsum_nb.provider_errors.exception_chain import shorten_error, without_secrets, words_of
from docsum_nb.provider_errors.fault import Fault, explained, fault_of
from docsum_nb.provider_errors.provider_reply import ProviderReply, reply_of
from docsum_nb.provider_errors.redirects import (
    RedirectRefused,
    leads_elsewhere,
    refuse_redirects,
)
from docsum_nb.provider_errors.retry_after import asked_in_headers
from docsum_nb.provider_errors.sanitized_error import sanitized

__all__ = [
    "Failure",
    "Fault",
    "ProviderReply",
    "RedirectRefused",
    "address_problem",
    "asked_in_headers",
    "explained",
    "failure_of_reply",
    "fault_of",
    "is_loopback",
    "leads_elsewhere",
    "public_address",
    "refuse_redirects",
    "reply_of",
    "sanitized",
    "shorten_error",
    "status_in",
    "without_secrets",
    "words_of",
]
