"""The site as a WSGI application, for any server."""

from flexsmt_site import create_app
from flexsmt_site.config import Settings

app = create_app(Settings.from_env())
