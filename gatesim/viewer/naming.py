"""Names of nets and buses as somebody types them: ports, the author's names, nets by number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from ..errors import unknown_name
from ..netlist import Netlist

_INDEXED = re.compile(r"^(?P<base>.+)\[(?P<index>\d+)\]$")
_NUMBER = re.compile(r"^(?:net|#|.*_)(?P<net>\d+)$")


class Names:
    """Buses and bits of a netlist by name.

    A name is a port (``sum``), a bit of it (``sum[3]``), an inner net or bus that its author named (with its
    scopes in front where several have the same name), or any net as ``#17``.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("buffers"); x = b.input_bus("x", 2); (~x).named("y"); b.output("z", ~x)
    <Bus of 2 bits>
    >>> names = Names(b.freeze()); names.nets("y"), names.nets("z[1]"), names.nets("#0")
    ((4, 5), (7,), (0,))
    """

    def __init__(self, net: Netlist) -> None:
        self.net = net

    @cached_property
    def buses(self) -> dict[str, tuple[int, ...]]:
        """Nets (least significant first) of every named bus and single net: ports first, then inner names."""
        found = {p.name: p.nets for p in self.net.ports}
        for name, bits in self._inner().items():
            found.setdefault(name, bits)
        return found

    def _inner(self) -> dict[str, tuple[int, ...]]:
        groups: dict[tuple[str, str], dict[int, int]] = {}
        singles: dict[str, int] = {}
        owners: dict[str, set[str]] = {}
        for net, name in self.net.names.items():
            path = self.net.scope_path(int(self.net.scope_of[net]))
            match = _INDEXED.match(name)
            base = match["base"] if match else name
            owners.setdefault(base, set()).add(path)
            if match:
                groups.setdefault((path, base), {}).setdefault(int(match["index"]), net)
            else:
                singles[self._full(path, name)] = net
        ports = {p.name for p in self.net.ports}
        found: dict[str, tuple[int, ...]] = {}
        for (path, base), bits in groups.items():
            plain = len(owners[base]) == 1 and base not in ports
            found[base if plain else self._full(path, base)] = tuple(bits[i] for i in sorted(bits))
        for full, net in singles.items():
            name = self.net.names[net]
            plain = len(owners[name]) == 1 and name not in ports
            found[name if plain else full] = (net,)
        return found

    @staticmethod
    def _full(path: str, name: str) -> str:
        return f"{path}/{name}" if path else name

    def nets(self, name: str) -> tuple[int, ...]:
        """The nets that a name means, least significant first.

        Raises
        ------
        UnknownNameError
            With the nearest name.
        """
        name = name.strip()
        if name in self.buses:
            return self.buses[name]
        match = _INDEXED.match(name)
        if match and match["base"] in self.buses:
            bus = self.buses[match["base"]]
            if int(match["index"]) < len(bus):
                return (bus[int(match["index"])],)
        number = _NUMBER.match(name)
        if number and int(number["net"]) < self.net.n_nets:
            net = int(number["net"])
            if name.startswith(("#", "net")) or self.net.net_name(net) == name:
                return (net,)
        raise unknown_name(f"net of {self.net.name!r}", name, self.buses)

    def bus_of(self, net: int) -> str | None:
        """The name of a bus or port that has this net."""
        return self._bus_of.get(net)

    @cached_property
    def _bus_of(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for name, nets in self.buses.items():
            for k in nets:
                found.setdefault(k, name)
        return found

    def search(self, text: str, limit: int = 50) -> list[str]:
        """Names that contain `text`, the best first: equal, then beginning with it, then shorter."""
        wanted = text.strip().lower()
        hits = [n for n in self._searchable() if wanted in n.lower()]
        hits.sort(key=lambda n: (n.lower() != wanted, not n.lower().startswith(wanted), len(n), n))
        return hits[:limit]

    def _searchable(self) -> Iterator[str]:
        yield from self.buses
        for scope in range(1, len(self.net.scopes)):
            yield self.net.scope_path(scope) + "/"
