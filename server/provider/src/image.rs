//! An image that goes along with a person's words.
//!
//! It is known by its first bytes, not by its name, and sent as it is: all formats take the same four kinds. How many
//! tokens it costs depends on the model and is not told beforehand; it is counted as a large one.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The largest that every provider takes.
pub const LARGEST_IMAGE: u64 = 5 << 20;

/// What a large image costs, in tokens.
pub const TOKENS: usize = 1_600;

/// An image, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// `image/png` and the like.
    pub(crate) media_type: &'static str,
    pub(crate) base64: Arc<str>,
}

/// Why a file is not sent as an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    #[error("it is larger than 5 MB")]
    TooLarge,
    #[error("it is no PNG, JPEG, GIF or WebP image")]
    Unknown,
}

impl Image {
    /// Reads a file's bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, ImageError> {
        if bytes.len() as u64 > LARGEST_IMAGE {
            return Err(ImageError::TooLarge);
        }
        let media_type = match bytes {
            [0x89, b'P', b'N', b'G', ..] => "image/png",
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [b'G', b'I', b'F', b'8', ..] => "image/gif",
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
            _ => return Err(ImageError::Unknown),
        };
        Ok(Self { media_type, base64: STANDARD.encode(bytes).into() })
    }

    /// How many bytes its file has.
    pub fn bytes(&self) -> u64 {
        let padding = self.base64.bytes().rev().take_while(|byte| *byte == b'=').count();
        (self.base64.len() / 4 * 3 - padding) as u64
    }

    /// As an address that holds it.
    pub(crate) fn address(&self) -> String {
        format!("data:{};base64,{}", self.media_type, self.base64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_first_bytes() {
        for (bytes, expect) in [
            (&b"\x89PNG\r\n\x1a\n"[..], Ok("data:image/png;base64,iVBORw0KGgo=")),
            (b"\xff\xd8\xff\xe0", Ok("data:image/jpeg;base64,/9j/4A==")),
            (b"GIF89a", Ok("data:image/gif;base64,R0lGODlh")),
            (b"RIFF\0\0\0\0WEBP", Ok("data:image/webp;base64,UklGRgAAAABXRUJQ")),
            (b"RIFF\0\0\0\0WAVE", Err(ImageError::Unknown)),
            (b"<svg/>", Err(ImageError::Unknown)),
            (b"", Err(ImageError::Unknown)),
        ] {
            assert_eq!(Image::read(bytes).map(|image| image.address()).as_deref(), expect.as_ref().copied());
        }
        let large = [&b"\x89PNG"[..], &vec![0; 5 << 20]].concat();
        assert_eq!(Image::read(&large), Err(ImageError::TooLarge));
    }
}
