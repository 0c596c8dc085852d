//! What a write on the disk expects, and what it refuses.

use super::*;

#[test]
fn a_write_wants_the_disk_it_expects() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b.txt");
    let files = DiskFiles;
    files.write(&path, "one", Expect::Absent).unwrap();
    assert!(matches!(files.write(&path, "two", Expect::Absent), Err(FileError::Changed { .. })));
    let seen = files.read(&path).unwrap();
    assert_eq!(&*seen.text, "one");
    std::fs::write(&path, "somebody else").unwrap();
    assert!(matches!(files.write(&path, "two", Expect::Hash(seen.hash)), Err(FileError::Changed { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "somebody else");
    let seen = files.read(&path).unwrap();
    files.write(&path, "two", Expect::Hash(seen.hash)).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn what_is_no_text_file_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad");
    std::fs::write(&bad, b"ab\xffc").unwrap();
    assert!(matches!(DiskFiles.read(&bad), Err(FileError::NotText { offset: 2, .. })));
    assert!(matches!(DiskFiles.read(folder.path()), Err(FileError::NotRegular { .. })));
    assert!(matches!(DiskFiles.read(&folder.path().join("no")), Err(FileError::Absent { .. })));
    assert!(matches!(DiskFiles.read(Path::new("/proc/self/environ")), Err(FileError::NotRegular { .. })));
    let large = folder.path().join("large");
    std::fs::File::create(&large).unwrap().set_len(LARGEST_FILE + 1).unwrap();
    assert!(matches!(DiskFiles.read(&large), Err(FileError::TooLarge { .. })));
}

#[cfg(unix)]
#[test]
fn a_link_is_not_written_through_and_a_mode_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    std::fs::write(&real, "x").unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let hash = ContentHash::of("x");
    assert!(matches!(DiskFiles.write(&link, "y", Expect::Hash(hash)), Err(FileError::NotRegular { .. })));
    DiskFiles.write(&real, "y", Expect::Hash(hash)).unwrap();
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o755);
}
