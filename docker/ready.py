"""Ends with 0 where this container's web server says that it and its stores are ready, else with 1."""

import http.client
import os
import sys

try:
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=4)
    connection.request("GET", "/readyz")
    answer = connection.getresponse()
    print(answer.read(500).decode(errors="replace"))
    sys.exit(answer.status != 200)
except (OSError, http.client.HTTPException) as error:
    print(f"The web server does not answer: {error}")
    sys.exit(1)
