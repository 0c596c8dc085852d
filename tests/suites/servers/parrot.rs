//! A model of our own: a file that llama.cpp loads, and that says one sentence whatever it is asked.
//!
//! It is a transformer whose layer does nothing: every matrix of it is zero, so what comes out of a token depends on
//! that token alone. Each word of the sentence has a direction of its own, and the last matrix turns the direction of a
//! word into the word after it: the line break, with which the frame of a conversation ends, into the first one, the
//! last one into the end. Everything else leads to the end at once. A hundred kilobytes, no weights of anybody.

/// Numbers per token, and room for so many words.
const WIDTH: usize = 32;

/// Where all go that are no part of the sentence.
const ELSEWHERE: usize = WIDTH - 1;

const END: usize = 2;
const FIRST_BYTE: usize = 3;
const FIRST_WORD: usize = FIRST_BYTE + 256;

/// A value of the file's head.
enum Fact {
    Flag(bool),
    Count(usize),
    Real(f32),
    Text(&'static str),
    Texts(Vec<String>),
    Reals(Vec<f32>),
    Kinds(Vec<i32>),
}

/// The file of a model that says these words, at most thirty.
pub(super) fn gguf(words: &[&str]) -> Vec<u8> {
    let (facts, tensors) = (facts(words), tensors(words.len()));
    let mut file = b"GGUF".to_vec();
    file.extend(3_u32.to_le_bytes());
    file.extend((tensors.len() as u64).to_le_bytes());
    file.extend((facts.len() as u64).to_le_bytes());
    for (name, fact) in &facts {
        text(&mut file, name);
        fact.write(&mut file);
    }
    let mut body = Vec::new();
    for (name, sides, numbers) in &tensors {
        text(&mut file, name);
        number(&mut file, sides.len());
        for side in sides {
            file.extend((*side as u64).to_le_bytes());
        }
        file.extend(0_u32.to_le_bytes());
        file.extend((body.len() as u64).to_le_bytes());
        body.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        aligned(&mut body);
    }
    aligned(&mut file);
    file.extend(body);
    file
}

fn facts(words: &[&str]) -> Vec<(&'static str, Fact)> {
    let bytes = (0..=255_u8).map(|byte| format!("<0x{byte:02X}>"));
    let mut tokens: Vec<String> =
        ["<unk>", "<s>", "</s>"].map(str::to_owned).into_iter().chain(bytes).collect();
    // Of kind 1 words, 2 what is unknown, 3 marks, 6 bytes.
    let mut kinds = [[2, 3, 3].as_slice(), &[6; 256]].concat();
    tokens.extend(words.iter().map(|word| format!("▁{word}")));
    kinds.extend(words.iter().map(|_| 1));
    let scores = vec![0.0; tokens.len()];
    vec![
        ("general.architecture", Fact::Text("llama")),
        ("general.name", Fact::Text("parrot")),
        ("llama.context_length", Fact::Count(16_384)),
        ("llama.embedding_length", Fact::Count(WIDTH)),
        ("llama.block_count", Fact::Count(1)),
        ("llama.feed_forward_length", Fact::Count(WIDTH)),
        ("llama.attention.head_count", Fact::Count(2)),
        ("llama.attention.head_count_kv", Fact::Count(2)),
        ("llama.attention.layer_norm_rms_epsilon", Fact::Real(1e-5)),
        ("llama.rope.dimension_count", Fact::Count(16)),
        ("tokenizer.ggml.model", Fact::Text("llama")),
        ("tokenizer.ggml.tokens", Fact::Texts(tokens)),
        ("tokenizer.ggml.scores", Fact::Reals(scores)),
        ("tokenizer.ggml.token_type", Fact::Kinds(kinds)),
        ("tokenizer.ggml.bos_token_id", Fact::Count(1)),
        ("tokenizer.ggml.eos_token_id", Fact::Count(END)),
        ("tokenizer.ggml.add_bos_token", Fact::Flag(false)),
        ("tokenizer.ggml.add_space_prefix", Fact::Flag(false)),
    ]
}

type Tensor = (&'static str, Vec<usize>, Vec<f32>);

fn tensors(words: usize) -> Vec<Tensor> {
    let tokens = FIRST_WORD + words;
    // Each token's direction; and for each token how far it is wanted after each direction.
    let (mut directions, mut wanted) = (vec![0.0; tokens * WIDTH], vec![0.0; tokens * WIDTH]);
    for token in 0..tokens {
        directions[token * WIDTH + ELSEWHERE] = 1.0;
    }
    wanted[END * WIDTH + ELSEWHERE] = 10.0;
    let line_break = FIRST_BYTE + usize::from(b'\n');
    let sentence: Vec<usize> = std::iter::once(line_break).chain(FIRST_WORD..tokens).chain([END]).collect();
    for (direction, pair) in sentence.windows(2).enumerate() {
        directions[pair[0] * WIDTH + ELSEWHERE] = 0.0;
        directions[pair[0] * WIDTH + direction] = 1.0;
        wanted[pair[1] * WIDTH + direction] = 10.0;
    }
    let square = |name| (name, vec![WIDTH, WIDTH], vec![0.0; WIDTH * WIDTH]);
    let line = |name| (name, vec![WIDTH], vec![1.0; WIDTH]);
    vec![
        ("token_embd.weight", vec![WIDTH, tokens], directions),
        ("output.weight", vec![WIDTH, tokens], wanted),
        line("output_norm.weight"),
        line("blk.0.attn_norm.weight"),
        line("blk.0.ffn_norm.weight"),
        square("blk.0.attn_q.weight"),
        square("blk.0.attn_k.weight"),
        square("blk.0.attn_v.weight"),
        square("blk.0.attn_output.weight"),
        square("blk.0.ffn_gate.weight"),
        square("blk.0.ffn_up.weight"),
        square("blk.0.ffn_down.weight"),
    ]
}

impl Fact {
    fn write(&self, file: &mut Vec<u8>) {
        let kind = |file: &mut Vec<u8>, kind: u32| file.extend(kind.to_le_bytes());
        let list = |file: &mut Vec<u8>, of: u32, length: usize| {
            kind(file, 9);
            kind(file, of);
            file.extend((length as u64).to_le_bytes());
        };
        match self {
            Self::Count(count) => {
                kind(file, 4);
                number(file, *count);
            }
            Self::Real(real) => {
                kind(file, 6);
                file.extend(real.to_le_bytes());
            }
            Self::Flag(flag) => {
                kind(file, 7);
                file.push(u8::from(*flag));
            }
            Self::Text(words) => {
                kind(file, 8);
                text(file, words);
            }
            Self::Texts(texts) => {
                list(file, 8, texts.len());
                for words in texts {
                    text(file, words);
                }
            }
            Self::Reals(reals) => {
                list(file, 6, reals.len());
                file.extend(reals.iter().flat_map(|real| real.to_le_bytes()));
            }
            Self::Kinds(kinds) => {
                list(file, 5, kinds.len());
                file.extend(kinds.iter().flat_map(|kind| kind.to_le_bytes()));
            }
        }
    }
}

/// A number that is small.
fn number(file: &mut Vec<u8>, number: usize) {
    file.extend(u32::try_from(number).unwrap().to_le_bytes());
}

fn text(file: &mut Vec<u8>, text: &str) {
    file.extend((text.len() as u64).to_le_bytes());
    file.extend(text.as_bytes());
}

/// Tensors begin at multiples of this.
fn aligned(file: &mut Vec<u8>) {
    file.resize(file.len().next_multiple_of(32), 0);
}
