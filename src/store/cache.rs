//! Snapshots as files: one per system and kind, written aside, synced and renamed.
//!
//! Beside each there is its front: the few rows that the next start shows first, while the whole is still being loaded.
//!
//! A file is a line of JSON (what it is, and of what), and then the rows in blocks of columns, compressed. Losing it costs
//! only time, so a file that cannot be used is an error that names it and nothing more. Natives are not kept yet, so
//! [`Cache::native`] finds none.

mod rows;
mod sweep;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::rows::{Writer, read_rows};
use super::{Cache, StoreError};
use crate::model::{Attr, AttrDef, AttrPath, FeedState, Kind, Proof, RecordKey, Row, Schema, Snapshot, SystemId};

/// The layout that this program writes and reads; files of another one are read anew from their system.
const LAYOUT: u32 = 2;

/// Fast, and identity data repeats itself enough for it.
const LEVEL: i32 = 1;

/// Snapshot files in one directory.
#[derive(Debug)]
pub struct FileCache {
    folder: PathBuf,
    /// What each system is.
    places: BTreeMap<SystemId, String>,
    /// One snapshot is written at a time, and a front does not wait for it.
    wholes: Mutex<()>,
    fronts: Mutex<()>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    layout: u32,
    system: SystemId,
    kind: Kind,
    schema: String,
    /// Attributes that could not be read, whatever the mapping says.
    #[serde(default)]
    unreadable: Vec<AttrPath>,
    /// All attributes, those that the probe found beside the mapping's among them: a start does not know of these yet.
    #[serde(default)]
    attrs: Vec<AttrPath>,
    /// What the system was: another one of the same name has other records.
    #[serde(default)]
    place: String,
    generation: u64,
    rows: u64,
    /// Of a front: how many rows the whole has.
    #[serde(default)]
    of: u64,
    feeds: Vec<FeedState>,
    taken: jiff::Timestamp,
}

impl FileCache {
    /// A cache in this directory, which is made (0700) when something is kept.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let (places, wholes, fronts) = Default::default();
        Self { folder: folder.into(), places, wholes, fronts }
    }

    /// The same, told what each system is (its address, its files): what was read of another one of the same name, by
    /// another configuration, is not taken for it.
    pub fn of(self, places: BTreeMap<SystemId, String>) -> Self {
        Self { places, ..self }
    }

    fn place(&self, system: &SystemId) -> &str {
        self.places.get(system).map_or("", String::as_str)
    }

    fn path(&self, system: &SystemId, kind: Kind) -> PathBuf {
        self.folder.join(format!("{}.{}", file_name(system), kind.name().to_ascii_lowercase()))
    }

    fn front_path(&self, system: &SystemId, kind: Kind) -> PathBuf {
        self.folder.join(format!("{}.{}.front", file_name(system), kind.name().to_ascii_lowercase()))
    }

    /// Written aside, synced, renamed.
    fn put(&self, snapshot: &Snapshot, rows: &[Row], path: &Path) -> Result<(), StoreError> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(format!(".{}.new", std::process::id()));
        let aside = PathBuf::from(aside);
        let kept = self.write(snapshot, rows, &aside).and_then(|()| std::fs::rename(&aside, path)).and_then(|()| {
            // The rename itself is on disk only once the directory is.
            File::open(&self.folder)?.sync_all()
        });
        kept.map_err(|why| {
            // What was begun is of no use to anybody; if it cannot be removed either, the next one overwrites it.
            let _ = std::fs::remove_file(&aside);
            fault(path, why)
        })
    }
}

/// A snapshot file of either sort, and how many rows it was taken from.
fn read(
    path: &Path,
    system: &SystemId,
    kind: Kind,
    schema: &Arc<Schema>,
    place: &str,
) -> Result<Option<(Snapshot, u64)>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(fault(path, why)),
    };
    let mut file = BufReader::new(file);
    let mut line = Vec::new();
    let header = (&mut file)
        .take(1 << 20)
        .read_until(b'\n', &mut line)
        .map_err(|why| fault(path, why))
        .and_then(|_| serde_json::from_slice::<Header>(&line).map_err(|why| fault(path, why)))?;
    let schema = &with_found(schema, &header.attrs);
    let lacking: Vec<Attr> = header.unreadable.iter().filter_map(|path| schema.find(path)).collect();
    let schema = &schema.unreadable(&lacking);
    if header.layout != LAYOUT || header.schema != fingerprint(schema) || header.place != place {
        return Ok(None);
    }
    if header.system != *system || header.kind != kind {
        return Err(fault(path, format!("it holds {} {}", header.system, header.kind.plural())));
    }
    let table = read_rows(file, schema, header.rows).map_err(|why| fault(path, why))?;
    let feeds = header.feeds.into_iter().map(interrupted).collect();
    let (system, generation, taken) = (header.system, header.generation, header.taken);
    Ok(Some((Snapshot { system, kind, generation, table, feeds, taken }, header.of)))
}

/// A schema with what a probe had found beside it: plain texts. Whether it had found just that, the fingerprint tells.
fn with_found(schema: &Arc<Schema>, attrs: &[AttrPath]) -> Arc<Schema> {
    let found: Vec<&AttrPath> = attrs.iter().filter(|path| schema.find(path).is_none()).collect();
    if found.is_empty() {
        return schema.clone();
    }
    let plain = |path: &AttrPath| AttrDef::text(path.clone());
    Schema::new(schema.kind(), schema.attrs().iter().cloned().chain(found.into_iter().map(plain)).collect())
}

/// A system's name as part of a file name: what could be more than a name is written as its code.
fn file_name(system: &SystemId) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    system
        .as_str()
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") })
        .collect()
}

fn fault(path: &Path, why: impl std::fmt::Display) -> StoreError {
    StoreError::Cache { path: path.display().to_string(), why: why.to_string() }
}

/// A hash over everything of a schema that the columns depend on.
fn fingerprint(schema: &Schema) -> String {
    let mut hash = Sha256::new();
    hash.update(schema.kind().name());
    for def in schema.attrs() {
        let text = format!(
            "{}\u{0}{:?}\u{0}{:?}\u{0}{:?}\u{0}{}{}{}\n",
            def.path, def.form, def.fold, def.refers, def.unreadable, def.unique, def.later
        );
        hash.update(text);
    }
    hash.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl Cache for FileCache {
    fn load(&self, system: &SystemId, kind: Kind, schema: &Arc<Schema>) -> Result<Option<Snapshot>, StoreError> {
        Ok(read(&self.path(system, kind), system, kind, schema, self.place(system))?.map(|(snapshot, _)| snapshot))
    }

    fn keep(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let _one = self.wholes.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<Row> = (0..snapshot.table.len() as u32).map(Row).collect();
        self.put(snapshot, &all, &self.path(&snapshot.system, snapshot.kind))
    }

    fn front(
        &self,
        system: &SystemId,
        kind: Kind,
        schema: &Arc<Schema>,
    ) -> Result<Option<(Snapshot, u64)>, StoreError> {
        read(&self.front_path(system, kind), system, kind, schema, self.place(system))
    }

    fn keep_front(&self, snapshot: &Snapshot, rows: &[Row]) -> Result<(), StoreError> {
        let _one = self.fronts.lock().unwrap_or_else(PoisonError::into_inner);
        self.put(snapshot, rows, &self.front_path(&snapshot.system, snapshot.kind))
    }

    fn native(&self, _key: &RecordKey) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    fn purge(&self, system: &SystemId) -> Result<(), StoreError> {
        self.forget(system)
    }
}

/// A feed that was still being read when it was kept is not complete.
fn interrupted(mut feed: FeedState) -> FeedState {
    if let Proof::Reading { read, .. } = feed.proof {
        feed.proof = Proof::Partial { why: format!("the reading was interrupted after {read} records") };
    }
    feed
}

impl FileCache {
    fn write(&self, snapshot: &Snapshot, rows: &[Row], aside: &Path) -> std::io::Result<()> {
        let mut maker = std::fs::DirBuilder::new();
        maker.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
        maker.create(&self.folder)?;
        let mut opener = std::fs::OpenOptions::new();
        opener.create(true).write(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut opener, 0o600);
        let mut file = BufWriter::new(opener.open(aside)?);
        let schema = snapshot.table.schema();
        let header = Header {
            layout: LAYOUT,
            system: snapshot.system.clone(),
            kind: snapshot.kind,
            schema: fingerprint(schema),
            unreadable: schema.attrs().iter().filter(|def| def.unreadable).map(|def| def.path.clone()).collect(),
            attrs: schema.attrs().iter().map(|def| def.path.clone()).collect(),
            place: self.place(&snapshot.system).to_owned(),
            generation: snapshot.generation,
            rows: rows.len() as u64,
            of: snapshot.table.len() as u64,
            feeds: snapshot.feeds.clone(),
            taken: snapshot.taken,
        };
        serde_json::to_writer(&mut file, &header)?;
        file.write_all(b"\n")?;
        let mut packed = zstd::Encoder::new(file, LEVEL)?;
        packed.include_checksum(true)?;
        Writer::new(&snapshot.table, rows).write(&mut packed)?;
        let file = packed.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests;
