#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::io::Write as _;

use super::*;

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("trueup-local-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn ask(file: &str, from: u64) -> Ask {
    Ask { file: file.to_owned(), from, most: None, stamp: None }
}

#[tokio::test]
async fn a_file_is_read_from_where_it_was_left_to_an_empty_piece() {
    let folder = Folder::new();
    let file = folder.file("people.csv", "userName\nana\n");
    let files = Files::new("hr");
    let head = files.read(Ask { most: Some(8), ..ask(&file, 0) }).await.unwrap();
    assert_eq!(&head.reply.body[..], b"userName");
    assert!(head.written.unwrap() <= jiff::Timestamp::now());
    let stamp = head.reply.header("stamp").map(str::to_owned);
    let rest = files.read(Ask { stamp: stamp.clone(), ..ask(&file, 8) }).await.unwrap();
    assert_eq!(&rest.reply.body[..], b"\nana\n");
    assert!(files.read(Ask { stamp, ..ask(&file, 13) }).await.unwrap().reply.body.is_empty());
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_noticed() {
    let folder = Folder::new();
    let file = folder.file("people.csv", "userName\nana\n");
    let files = Files::new("hr");
    let stamp = files.read(ask(&file, 0)).await.unwrap().reply.header("stamp").map(str::to_owned);
    std::fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b"bo\n").unwrap();
    let fault = files.read(Ask { stamp, ..ask(&file, 13) }).await.unwrap_err();
    assert!(fault.to_string().contains("changed while it was read"), "{fault}");
    // Read again from its beginning it is a file like any other.
    assert_eq!(files.read(ask(&file, 0)).await.unwrap().reply.body.len(), 16);
}

#[tokio::test]
async fn what_is_no_file_is_told() {
    let folder = Folder::new();
    let files = Files::new("hr");
    let missing = folder.0.join("nobody.csv").display().to_string();
    let told = files.read(ask(&missing, 0)).await.unwrap_err().to_string();
    assert!(told.starts_with("hr: ") && told.contains("nobody.csv: there is no such file"), "{told}");
    let told = files.read(ask(&folder.0.display().to_string(), 0)).await.unwrap_err().to_string();
    assert!(told.contains("is a folder"), "{told}");
}

#[tokio::test]
async fn a_pipe_is_looked_at_and_read_and_then_never_again() {
    let mut pipe = Pipe::reading("hr", || Ok(std::io::Cursor::new(vec![b'x'; BLOCK as usize + 3]))).unwrap();
    let head = Ask { most: Some(5), ..ask("p", 0) };
    assert_eq!(pipe.read("hr", &head).await.unwrap().len(), 5);
    assert_eq!(pipe.read("hr", &head).await.unwrap().len(), 5);
    assert_eq!(pipe.read("hr", &ask("p", 0)).await.unwrap().len() as u64, BLOCK);
    assert_eq!(pipe.read("hr", &ask("p", BLOCK)).await.unwrap().len(), 3);
    assert_eq!(pipe.read("hr", &ask("p", BLOCK + 3)).await.unwrap().len(), 0);
    let told = pipe.read("hr", &ask("p", 0)).await.unwrap_err().to_string();
    assert!(told.contains("can be read once, and was"), "{told}");
    assert!(pipe.read("hr", &ask("p", 7)).await.is_err());
}

#[tokio::test]
async fn a_pipe_that_breaks_is_no_pipe_that_ended() {
    struct Breaks(u8);
    impl Read for Breaks {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            if self.0 > 1 {
                return Err(std::io::ErrorKind::BrokenPipe.into());
            }
            into[0] = b'x';
            Ok(1)
        }
    }
    let mut pipe = Pipe::reading("hr", || Ok(Breaks(0))).unwrap();
    assert!(pipe.read("hr", &ask("p", 0)).await.is_err());
    let mut pipe = Pipe::reading("hr", || Err::<File, _>(std::io::ErrorKind::NotFound.into())).unwrap();
    assert!(pipe.read("hr", &ask("p", 0)).await.unwrap_err().to_string().contains("no such file"));
}
