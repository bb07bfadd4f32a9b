"""CRC-32C (Castagnoli), the checksum of VHDX structures."""


def crc32c(data: bytes) -> int:
    """The checksum of some bytes."""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder = _CRC[(remainder ^ byte) & 0xFF] ^ remainder >> 8
    return remainder ^ 0xFFFFFFFF


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_CRC = tuple(_crc_of_byte(byte) for byte in range(256))
