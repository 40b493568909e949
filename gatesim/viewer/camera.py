"""Where we look: a point of the sheet in the middle of the view, and a zoom."""

from __future__ import annotations

from dataclasses import dataclass, replace

MIN_ZOOM, MAX_ZOOM = 0.01, 12.0
MARGIN = 70
"""Pixels left free around a sheet that is fitted into the view: values of ports stand there."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A view of ``width`` by ``height`` pixels, ``zoom`` pixels a sheet pixel, centred on (x, y) of the sheet.

    Examples
    --------
    >>> camera = Camera(100, 100, 2.0, 400, 300)
    >>> camera.to_screen(100, 100), camera.to_sheet(200, 150)
    ((200.0, 150.0), (100.0, 100.0))
    """

    x: float
    y: float
    zoom: float
    width: int
    height: int

    @property
    def left(self) -> float:
        """Sheet coordinate of the view's left edge."""
        return self.x - self.width / 2 / self.zoom

    @property
    def top(self) -> float:
        """Sheet coordinate of the view's upper edge."""
        return self.y - self.height / 2 / self.zoom

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """A point of the sheet on the view."""
        return (x - self.left) * self.zoom, (y - self.top) * self.zoom

    def to_sheet(self, x: float, y: float) -> tuple[float, float]:
        """A point of the view on the sheet."""
        return x / self.zoom + self.left, y / self.zoom + self.top

    def panned(self, dx: float, dy: float) -> Camera:
        """The view moved by so many pixels."""
        return replace(self, x=self.x + dx / self.zoom, y=self.y + dy / self.zoom)

    def zoomed(self, factor: float, x: float, y: float) -> Camera:
        """Zoomed, with what is at (x, y) of the view staying there."""
        zoom = min(max(self.zoom * factor, MIN_ZOOM), MAX_ZOOM)
        sheet_x, sheet_y = self.to_sheet(x, y)
        return replace(
            self, zoom=zoom, x=sheet_x - (x - self.width / 2) / zoom, y=sheet_y - (y - self.height / 2) / zoom
        )

    def fitted(self, width: float, height: float, most: float = 2.0) -> Camera:
        """The whole of a sheet of that size."""
        room_x, room_y = max(self.width - 2 * MARGIN, 50), max(self.height - MARGIN, 50)
        zoom = min(room_x / max(width, 1), room_y / max(height, 1), most)
        return replace(self, x=width / 2, y=height / 2, zoom=max(zoom, MIN_ZOOM))

    def resized(self, width: int, height: int) -> Camera:
        """The same centre and zoom in a view of another size."""
        return replace(self, width=max(width, 1), height=max(height, 1))
