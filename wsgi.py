"""The site as a WSGI application, for any server."""

import gc

# What is imported and built here stays: to look through all of it for garbage takes a tenth of the start.
gc.disable()

from flexsmt_site import create_app  # noqa: E402 (after the line above, which is about it)
from flexsmt_site.config import Settings  # noqa: E402

app = create_app(Settings.from_env())
gc.freeze()
gc.enable()
