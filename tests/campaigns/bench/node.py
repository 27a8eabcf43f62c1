"""Where Node.js and its packages are: those that the interop referees have installed."""

from pathlib import Path

PACKAGES = Path(__file__).parents[1] / "interop" / "node"
_BINARIES = sorted(PACKAGES.glob("node_modules/node-linux-*/bin/node"))
_SODIUM = ("sodium-native", "sodium", "libsodium-wrappers", "@stablelib/xchacha20poly1305", "@noble/ciphers")
"""Any of these gives @discordjs/voice the XChaCha20 mode; it comes with none."""


def command() -> tuple[str, ...] | None:
    """How the contender in Node.js is started, or None when Node.js or its packages are not there."""
    modules = PACKAGES / "node_modules"
    if not _BINARIES or not (modules / "@discordjs/voice").is_dir():
        return None
    return str(_BINARIES[0]), str(Path(__file__).with_name("discordjs.mjs"))


def has_xchacha() -> bool:
    return any((PACKAGES / "node_modules" / name).is_dir() for name in _SODIUM)


MISSING = (
    "@discordjs/voice is left out: in tests/campaigns/interop/node, npm ci installs Node.js and its packages."
)
