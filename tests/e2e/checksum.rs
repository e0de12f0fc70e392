//! CRC-32 (IEEE 802.3), the checksum that a terminal keeps of what it was given.

/// Continues a checksum; begins with 0.
pub(crate) fn crc32(bytes: &[u8], previous: u32) -> u32 {
    let mut value = !previous;
    for byte in bytes {
        value ^= u32::from(*byte);
        for _ in 0..8 {
            value = if value & 1 == 1 {
                (value >> 1) ^ 0xedb8_8320
            } else {
                value >> 1
            };
        }
    }
    !value
}

#[test]
fn the_checksum_is_the_usual_one() {
    assert_eq!(crc32(b"123456789", 0), 0xcbf4_3926);
    assert_eq!(crc32(b"6789", crc32(b"12345", 0)), 0xcbf4_3926);
}
