"""Import of the bundles through Kibana's API of saved objects (POST /api/saved_objects/_import)."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from base64 import b64encode
from typing import Any, Final

from deploy.kibana import bundle

#: How long Kibana may take for one bundle (seconds).
TIMEOUT: Final = 120.0


class KibanaError(Exception):
    """Kibana did not take a bundle; the message says what is wrong and what to do."""


def import_bundles(url: str, login: tuple[str, str] | None = None) -> list[str]:
    """Import every bundle into the Kibana at `url`, over what is there.  Returns a line for each.

    url:   Kibana's address, with the path of a space if not the default one, e.g. http://127.0.0.1:5601/s/antifraud
    login: user and password, where Kibana asks for them

    Raises KibanaError.
    """
    said = []
    for path, text in bundle.files().items():
        count = _import(url, path.name, text, login)
        said.append(f"Kibana: {count} saved objects of {path.name} imported")
    return said


def _import(url: str, name: str, text: str, login: tuple[str, str] | None) -> int:
    """The number of objects that Kibana says it took; all of them, or KibanaError."""
    if not url.startswith(("http://", "https://")):
        raise KibanaError(f"'{url}' is no address of Kibana; write it like http://127.0.0.1:5601")
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    body = f"{head}Content-Type: application/ndjson\r\n\r\n{text}\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "kbn-xsrf": "saqbol"}
    if login:
        headers["Authorization"] = "Basic " + b64encode(":".join(login).encode()).decode()
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        f"{url.rstrip('/')}/api/saved_objects/_import?overwrite=true", data=body, headers=headers
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        said = error.read(500).decode(errors="replace")
        remedy = "; its user needs the privilege to manage saved objects" if error.code in (401, 403) else ""
        raise KibanaError(f"Kibana refused {name} ({error.code}){remedy}: {said}") from error
    except (OSError, ValueError) as error:
        raise KibanaError(f"Kibana does not answer at {url}: {error}") from error
    wanted = len(text.splitlines())
    if not answer.get("success") or answer.get("successCount") != wanted:
        refused = [
            f"{one.get('type')} {one.get('id')}: {one.get('error', {}).get('type')}" for one in answer.get("errors", [])
        ]
        raise KibanaError(
            f"Kibana took {answer.get('successCount')} of {wanted} objects of {name}: {'; '.join(refused)[:500]}"
        )
    return wanted
