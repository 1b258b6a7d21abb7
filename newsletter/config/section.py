"""The base of every section of the settings."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Keys and values with nothing unknown among them; the text under a key is its documentation."""

    model_config = ConfigDict(
        extra="forbid",  # nothing is accepted and ignored
        frozen=True,
        hide_input_in_errors=True,  # a value may be a secret
        use_attribute_docstrings=True,
        validate_default=False,
    )
