from __future__ import annotations

from docsum_nb.errors import described


class AuthenticationError(Exception):
    """Writes its own name in front, as LiteLLM's errors do."""

    def __str__(self) -> str:
        return "litellm.AuthenticationError: AuthenticationError: OpenAIException - no such key"


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_the_kind_of_an_error_is_told_once() -> None:
    """However often its words begin with it; so is an error that cannot be printed."""
    assert described(AuthenticationError()) == "AuthenticationError: OpenAIException - no such key"
    assert described(ValueError("ValueErrors are rare")) == "ValueError: ValueErrors are rare"
    assert described(UnprintableError()) == "UnprintableError: (the error cannot be printed)"
