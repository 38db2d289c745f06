"""Fixtures of the form's tests."""

from tests.form.form_samples import documents, users

__all__ = ["documents", "users"]
