//! What a model is told, and how it stays within its window.
//!
//! | where | what belongs there |
//! |---|---|
//! | `opening` | the layers before every conversation, each with where it comes from |
//! | `guidance` | what people wrote down for every agent |
//! | `prompt` | the first message: the person's words and what they see |
//! | `earlier` | what a chat document says before its last turn |
//! | `mentions` | files and definitions that words name |
//! | `template` | what the text of a prompt command brings in |
//! | `compact` | a conversation that grows too long is shortened |
//! | `sent` | what was sent, part by part, for whoever asks |

pub(crate) mod compact;
pub(crate) mod earlier;
pub(crate) mod guidance;
pub(crate) mod mentions;
pub(crate) mod opening;
pub(crate) mod prompt;
pub(crate) mod sent;
pub(crate) mod template;
