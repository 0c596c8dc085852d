//! Reading runs: their rows first, which the database's thread alone can find, and then what is verified and made of
//! them, which several threads can do.

use std::borrow::Cow;

use copydesk_base::{Event, Record, RunId, Timestamp};
use rusqlite::{Connection, Row};
use serde::Deserialize;

use crate::chain::{Key, Link};
use crate::database::Halt;
use crate::packed::unpack;
use crate::records::{chained, first_link, seal_of, sealed, tampered, unsigned};

/// Which kinds of events are read.
pub(crate) type Wanted = dyn Fn(&str) -> bool + Send + Sync;

/// A run as its rows have it: all that is needed to verify it without the database.
pub(crate) struct Stored<'r> {
    run: &'r RunId,
    rows: Vec<Written>,
    /// What its chain begins with, and what vouches for its end; nothing without a key.
    first: Option<Link>,
    seal: Option<(i64, Vec<u8>)>,
}

/// One row.
struct Written {
    seq: i64,
    ulid: String,
    version: i64,
    at: i64,
    data: String,
    packed: Option<Vec<u8>>,
    link: Vec<u8>,
}

/// Finds the rows of a run, in order.
pub(crate) fn rows<'r>(
    connection: &Connection,
    key: Option<&Key>,
    workspace: &[u8],
    run: &'r RunId,
) -> Result<Stored<'r>, Halt> {
    let mut query = connection.prepare_cached(
        "SELECT seq, ulid, version, at, data, packed, link FROM records WHERE run = ?1 ORDER BY seq",
    )?;
    // By number: thousands of turns are read before somebody goes on with a long conversation.
    let written = |row: &Row<'_>| {
        Ok(Written {
            seq: row.get(0)?,
            ulid: row.get(1)?,
            version: row.get(2)?,
            at: row.get(3)?,
            data: row.get(4)?,
            packed: row.get(5)?,
            link: row.get(6)?,
        })
    };
    let mut rows = query.query_map([run.as_str()], written)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let Some(key) = key else { return Ok(Stored { run, rows, first: None, seal: None }) };
    let first = match rows.first_mut() {
        Some(row) => {
            let data =
                unpack(std::mem::take(&mut row.data), row.packed.take()).ok_or_else(|| tampered(run, 1))?;
            let first = first_link(connection, key, workspace, run, &data)?;
            row.data = data;
            Some(first)
        }
        None => None,
    };
    Ok(Stored { run, rows, first, seal: seal_of(connection, run)? })
}

impl Stored<'_> {
    /// The records, as far as they are wanted. With a key, everything is verified.
    pub(crate) fn records(self, key: Option<&Key>, wanted: Option<&Wanted>) -> Result<Vec<Record>, Halt> {
        let Self { run, rows, first, seal } = self;
        let mut records = Vec::new();
        let (mut before, mut last_seq) = (first, 0);
        for Written { seq, ulid, version, at, data, packed, link } in rows {
            let Some(data) = unpack(data, packed) else { return Err(tampered(run, last_seq + 1)) };
            if let (Some(key), Some(expected_before)) = (key, before) {
                let expected = chained(key, &expected_before, run.as_str(), seq, &ulid, version, at, &data);
                if seq != last_seq + 1 || link != expected {
                    return Err(tampered(run, last_seq + 1));
                }
                before = Some(expected);
            }
            last_seq = seq;
            // By what was verified: the column `kind` is not.
            if let Some(wanted) = wanted
                && let Ok(Kind { kind }) = serde_json::from_str(&data)
                && !wanted(&kind)
            {
                continue;
            }
            // A kind of a newer version, or a known one that a newer version shaped anew: kept in its row, passed over
            // here.
            let event = serde_json::from_str(&data).unwrap_or(Event::Unknown);
            let (seq, at) = (unsigned(seq), Timestamp(unsigned(at)));
            records.push(Record { run: run.clone(), seq, at, event });
        }
        if let Some(key) = key
            && seal != before.map(|link| (last_seq, sealed(key, run.as_str(), last_seq, &link).to_vec()))
        {
            return Err(tampered(run, last_seq + 1));
        }
        Ok(records)
    }
}

/// As much of an event as says what it is.
#[derive(Deserialize)]
struct Kind<'d> {
    #[serde(rename = "type", borrow, default)]
    kind: Cow<'d, str>,
}
