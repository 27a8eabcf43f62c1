"""The proxy between this host and Discord, if there is one: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as for curl."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from notetaker.host.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Proxy:
    url: str
    """It may contain a password."""

    def __str__(self) -> str:
        """``proxy.example:3128``"""
        return urlsplit(self.url).netloc.rpartition("@")[2]


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy for the REST API at ``url`` and for the main gateway. Raises SettingsError."""
    target = urlsplit(url)
    found = getproxies().get(target.scheme)
    if not found or proxy_bypass(target.hostname or ""):
        return None
    proxy = urlsplit(found if "://" in found else f"http://{found}")
    try:
        valid = proxy.scheme in ("http", "https") and proxy.hostname and proxy.port != 0
    except ValueError:  # its message quotes what may be part of a password
        valid = False
    if not valid:
        name = f"{target.scheme.upper()}_PROXY"
        raise SettingsError(
            f"{name} is invalid: only HTTP proxies work; for example {name}=http://proxy:3128"
        )
    return Proxy(proxy.geturl())
