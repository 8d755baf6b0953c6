"""No test asks a model over HTTP by accident: see the fixture `model_requests`."""

from __future__ import annotations

from pydantic_ai import models

models.ALLOW_MODEL_REQUESTS = False
