"""Who counts as one sender, for limits."""

from __future__ import annotations

import ipaddress
from typing import Any

from litestar.connection import ASGIConnection


def network(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """What counts as one sender: an IPv4 address, or the /64 network of an IPv6 address."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address, 64), strict=False))
    return host
