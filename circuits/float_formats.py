"""Binary floating-point formats: a sign, an exponent, a mantissa; with or without infinities."""

from __future__ import annotations

from dataclasses import dataclass

from gatesim.errors import BuildError, unknown_name

from .catalog import mask


@dataclass(frozen=True)
class FloatFormat:
    """A format of IEEE 754's kind: sign on top, then the biased exponent, then the mantissa.

    Attributes
    ----------
    exponent, mantissa : int
        Bits of the two fields; the hidden bit is not counted.
    infinities : bool
        True: an exponent of all ones is infinity or NaN, as in IEEE 754. False: all ones in both
        fields is the only NaN and everything else is a number, so that overflow gives NaN (OCP 8-bit
        floating point specification 1.0, E4M3; the ``fn`` of ml_dtypes).

    Examples
    --------
    >>> FP16.width, FP16.bias, hex(FP16.nan), hex(E4M3.nan), FP16.largest == 65504
    (16, 15, '0x7e00', '0x7f', True)

    Raises
    ------
    BuildError
        Fields too narrow to mean anything: an exponent below 2 bits, a mantissa below 1.
    """

    exponent: int
    mantissa: int
    infinities: bool = True

    def __post_init__(self) -> None:
        if self.exponent < 2 or self.mantissa < 1:
            raise BuildError(
                f"a float of {self.exponent} exponent and {self.mantissa} mantissa bits is no format: "
                "give at least 2 and 1"
            )

    @property
    def width(self) -> int:
        """Bits of a number."""
        return 1 + self.exponent + self.mantissa

    @property
    def bias(self) -> int:
        """What the exponent field is above the exponent."""
        return mask(self.exponent - 1)

    @property
    def top(self) -> int:
        """The exponent field of all ones."""
        return mask(self.exponent)

    @property
    def nan(self) -> int:
        """The one NaN that circuits make: quiet, positive."""
        if not self.infinities:
            return mask(self.width - 1)
        return self.top << self.mantissa | 1 << (self.mantissa - 1)

    @property
    def overflow(self) -> int:
        """What a number too large becomes, without its sign: infinity, or NaN where there is none."""
        return self.top << self.mantissa if self.infinities else self.nan

    @property
    def largest(self) -> int | float:
        """The largest number."""
        bits = self.overflow - 1
        significand = (1 << self.mantissa) | (bits & mask(self.mantissa))
        power = (bits >> self.mantissa) - self.bias - self.mantissa
        return significand << power if power >= 0 else significand / (1 << -power)


FP32 = FloatFormat(8, 23)
FP16 = FloatFormat(5, 10)
BF16 = FloatFormat(8, 7)
E5M2 = FloatFormat(5, 2)
E4M3 = FloatFormat(4, 3, infinities=False)

FORMATS: dict[str, FloatFormat] = {"fp32": FP32, "fp16": FP16, "bf16": BF16, "e5m2": E5M2, "e4m3": E4M3}
"""IEEE 754 binary32 and binary16, bfloat16, and the two 8-bit formats of the OCP."""


def float_format(format: FloatFormat | str) -> FloatFormat:
    """The format itself, or the one of that name; UnknownNameError when there is none.

    Examples
    --------
    >>> float_format("bf16")
    FloatFormat(exponent=8, mantissa=7, infinities=True)
    """
    if isinstance(format, FloatFormat):
        return format
    if format not in FORMATS:
        raise unknown_name("float format", format, FORMATS)
    return FORMATS[format]
