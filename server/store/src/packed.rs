//! Events as they lie in the journal: short ones as their JSON, long ones deflated.
//!
//! An edit is written down with the text before and after it, which say nearly the same thing twice; so do the results
//! of tools. What a record is chained by is its JSON, so how it lies there can change without a new chain.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// Shorter texts stay as they are: there is little to gain.
const SHORT: usize = 256;
/// How hard it tries, of 1 to 10: the journal is written while somebody waits.
const LEVEL: u8 = 3;
/// The most bytes that one event can have: four times the largest file that is read as a text, and room for the rest.
/// What would grow beyond that was not written by us.
const LARGEST: usize = 128 * 1024 * 1024;

/// The columns `data` and `packed` of an event's JSON: one of them holds it.
pub(crate) fn pack(json: String) -> (String, Option<Vec<u8>>) {
    if json.len() < SHORT {
        return (json, None);
    }
    let packed = compress_to_vec(json.as_bytes(), LEVEL);
    if packed.len() < json.len() { (String::new(), Some(packed)) } else { (json, None) }
}

/// The JSON of the two columns; `None` where the packed one is damaged.
pub(crate) fn unpack(data: String, packed: Option<Vec<u8>>) -> Option<String> {
    match packed {
        None => Some(data),
        Some(packed) => String::from_utf8(decompress_to_vec_with_limit(&packed, LARGEST).ok()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_takes_less_room() {
        let edit = "def f(x):\n    return x + 1\n".repeat(100);
        for (json, most) in [
            (String::new(), 0),
            ("{\"a\":1}".to_owned(), 7),
            (edit.clone(), edit.len() / 10),
            // Nothing repeats: it may not grow either.
            ((0..300_u32).filter_map(|at| char::from_u32(0x4e00 + at * 67)).collect(), 900),
        ] {
            let (data, packed) = pack(json.clone());
            let size = data.len() + packed.as_ref().map_or(0, Vec::len);
            assert!(size <= most, "{size} bytes for {}", json.len());
            assert_eq!(unpack(data, packed).as_deref(), Some(json.as_str()));
        }
        assert_eq!(unpack(String::new(), Some(b"not deflated".to_vec())), None);
    }
}
