use std::path::{Path, PathBuf};

/// Where things live: configuration, what must not be lost, and what can be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    /// Holds `trueup.toml`.
    pub config: PathBuf,
    /// Holds `journal.db`.
    pub state: PathBuf,
    /// Holds the snapshots.
    pub cache: PathBuf,
}

impl Dirs {
    /// The directories of this platform; `data_dir` puts state and cache below itself instead.
    ///
    /// # Errors
    /// When no home directory is known and none was given.
    pub fn find(data_dir: Option<&Path>) -> Result<Self, String> {
        let project = directories::ProjectDirs::from("", "", "trueup");
        let config = project.as_ref().map(|project| project.config_dir().to_owned());
        match (data_dir, project) {
            (Some(dir), _) => Ok(Self {
                config: config.unwrap_or_else(|| dir.to_owned()),
                state: dir.join("state"),
                cache: dir.join("cache"),
            }),
            (None, Some(project)) => Ok(Self {
                config: project.config_dir().to_owned(),
                state: project.state_dir().unwrap_or_else(|| project.data_local_dir()).to_owned(),
                cache: project.cache_dir().to_owned(),
            }),
            (None, None) => Err("no home directory is known here; say where to keep data with --data-dir".to_owned()),
        }
    }

    /// The configuration that is read where none was named: `./trueup.toml`, else the user's.
    pub fn config_file(&self) -> PathBuf {
        let here = PathBuf::from("trueup.toml");
        if here.exists() { here } else { self.config.join("trueup.toml") }
    }
}
