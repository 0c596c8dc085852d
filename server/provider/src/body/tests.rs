//! How long is waited for a body, and what of it is data.

use std::convert::Infallible;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Patience =
    Patience { first: Duration::from_mins(2), next: Duration::from_mins(1), whole: Duration::from_secs(45) };

/// One piece of a body, then silence of so many seconds, and so on for ever.
fn drip(piece: &'static [u8], pause: Duration) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    futures_util::stream::unfold(None, move |ticks| async move {
        let mut ticks = ticks.unwrap_or_else(|| tokio::time::interval_at(Instant::now() + pause, pause));
        ticks.tick().await;
        Some((Ok(Bytes::from_static(piece)), Some(ticks)))
    })
}

/// What ends a body, after how many seconds, and how many pieces came before.
async fn ends(body: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> (String, u64, usize) {
    let began = Instant::now();
    let mut pieces = pieces(body, Framing::Events, PATIENCE, Meter::default());
    let mut count = 0;
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(_) => count += 1,
            Err(PieceError::Body(error)) => return (error.to_string(), began.elapsed().as_secs(), count),
            Err(other) => panic!("{other:?}"),
        }
        if began.elapsed() > Duration::from_hours(1) {
            return ("it goes on".to_owned(), 3600, count);
        }
    }
    panic!("the body ended");
}

#[tokio::test(start_paused = true)]
async fn every_way_of_saying_nothing_ends_and_a_slow_model_does_not() {
    let check = async |piece: &'static [u8], pause: Duration, expect: (&str, u64)| {
        let (error, seconds, _) = ends(drip(piece, pause)).await;
        assert_eq!((error.as_str(), seconds), expect, "{} each {pause:?}", piece.len());
    };
    check(b"data: a\n\n", 121 * SECOND, ("nothing came", 120)).await;
    check(b"data: a\n\n", 61 * SECOND, ("nothing more came", 61 + 60)).await;
    // Slow loris: a byte each second, which is never idle and never an event.
    check(b"x", SECOND, ("no event got whole", 1 + 45)).await;
    check(b"x", 20 * SECOND, ("no event got whole", 20 + 45)).await;
    // A slow line that brings something is no loris, up to the size of an event.
    check(&[b'x'; 2048], SECOND, ("too large", 8193)).await;
    // A token every half minute is slow, and an answer.
    check(b"data: a\n\n", 30 * SECOND, ("it goes on", 3600)).await;
    // A comment that never ends is a loris; one that does is a sign of life, at whatever pace.
    check(b": x", SECOND, ("no event got whole", 1 + 45)).await;
    for comment in [&b": wait\r\n"[..], b": wait\n\n", b": wait\r\n\r\n", b"\n"] {
        let comments = drip(comment, 4 * SECOND).take(30).chain(drip(b"data: a\n\n", 4 * SECOND).take(1));
        let mut pieces = pieces(comments, Framing::Events, PATIENCE, Meter::default());
        assert!(matches!(pieces.next().await, Some(Ok(data)) if data == "a"), "{comment:?}");
    }
}

#[tokio::test]
async fn what_stands_before_a_document_is_no_part_of_it() {
    let whole = async |parts: &[&'static [u8]]| {
        let parts: Vec<_> = parts.iter().map(|part| Ok::<_, Infallible>(Bytes::from_static(part))).collect();
        let body = futures_util::stream::iter(parts);
        pieces(body, Framing::Whole, PATIENCE, Meter::default()).map(Result::unwrap).collect::<Vec<_>>().await
    };
    for parts in [
        &[&b"{\"a\": 1}"[..]][..],
        &[b"  \n", b"\r\n \t", b" {\"a\"", b": 1}"],
        &[b"\xef\xbb\xbf{\"a\": 1}"],
        &[b" ", b"\xef", b"\xbb\xbf{\"a\": 1}"],
    ] {
        assert_eq!(whole(parts).await, ["{\"a\": 1}"], "{parts:?}");
    }
    let lines =
        futures_util::stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"\xef\xbb\xbf{}\n{}\n"))]);
    let lines = pieces(lines, Framing::Lines, PATIENCE, Meter::default());
    assert_eq!(lines.map(Result::unwrap).collect::<Vec<_>>().await, ["{}", "{}"]);
}

#[tokio::test]
async fn a_piece_that_is_not_whole_is_unread_however_it_came() {
    for (framing, whole, half) in [
        (Framing::Events, "data: a\n\n", "data: half of a long"),
        (Framing::Events, "data: a\r\n\r\n: wait\n", "data: half\n"),
        (Framing::Lines, "{}\n", "{\"half\": \"of a"),
    ] {
        for parts in [vec![format!("{whole}{half}")], vec![whole.to_owned(), half.to_owned()]] {
            let meter = Meter::default();
            let body = futures_util::stream::iter(parts.clone().into_iter().map(Ok::<_, Infallible>));
            let mut pieces = pieces(body.map(|part| part.map(Bytes::from)), framing, PATIENCE, meter.clone());
            assert!(matches!(pieces.next().await, Some(Ok(_))), "{parts:?}");
            meter.understand();
            // The connection breaks off here, or nobody reads on.
            let _ = pieces.next().await;
            assert!(meter.unread() >= half.len() as u64, "{parts:?}: {}", meter.unread());
        }
    }
}

#[test]
fn a_comment_ends_where_its_line_does_and_an_event_is_none() {
    let check = |pieces: &[&str], expect: &[Option<usize>]| {
        let mut comments = Comments::default();
        let ends: Vec<_> = pieces.iter().map(|piece| comments.read(piece.as_bytes()).end).collect();
        assert_eq!(ends, expect, "{pieces:?}");
    };
    check(&[": a\n"], &[Some(4)]);
    check(&[": a", "b", "\r\n\r\n: c\n"], &[None, None, Some(8)]);
    check(&["data: a\n", ": b\n", "\n: c\nd"], &[None, None, Some(5)]);
    check(&["data: :\n:", "\n"], &[None, None]);
}
