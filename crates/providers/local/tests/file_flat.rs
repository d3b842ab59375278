//! `file` on a flat folder: one file a secret, and no versions.

mod common;

use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, symlink};

use common::{Asked, Folder, exact, fault, kind, name, refused, shown};
use strongroom_core::{ErrorKind, IfVersion, PutOptions, Reason, SecretStore, Select, Stage};

#[tokio::test]
async fn f095_case_104_one_trailing_newline_of_a_file_is_not_part_of_the_value() {
    let folder = Folder::new();
    let table = [
        ("plain", "canary", "canary"),
        ("line", "canary\n", "canary"),
        ("crlf", "canary\r\n", "canary"),
        ("two", "canary\n\n", "canary\n"),
        ("cr", "canary\r", "canary\r"),
        ("spaces", " \tcanary ", " \tcanary "),
    ];
    for (name, file, _) in table {
        folder.file(name, file);
    }
    let (store, exact) = (folder.store().await, folder.exact().await);
    for (name, file, value) in table {
        assert_eq!(Asked(&store).text(name).await, value, "{name}");
        assert_eq!(Asked(&*exact).text(name).await, file, "{name}");
    }
}

#[tokio::test]
async fn cases_1_to_4_what_was_put_is_what_is_got() {
    let values: [&[u8]; 11] = [
        b"canary",
        b" canary ",
        b"canary\n",
        b"canary\r\n",
        b"canary\n\n",
        b"\r",
        b"canary\0",
        b"\xff\xfe\n",
        b"{\"a\":\"canary\\u000a\"}",
        "canary-\u{e9}\u{1f511}\"'\\".as_bytes(),
        b"\t\x1b[31m",
    ];
    for with_exact in [false, true] {
        let folder = Folder::new();
        folder.file("there", "canary");
        let store = match with_exact {
            true => folder.exact().await,
            false => std::sync::Arc::new(folder.store().await),
        };
        for value in values {
            let put = Asked(&*store).put_with("a/b", value, PutOptions::default()).await;
            assert_eq!(put.unwrap(), None, "a flat folder has no version ids");
            let got = Asked(&*store).get("a/b").await.unwrap();
            assert_eq!(got.value().expose(), value, "{with_exact} {value:?}");
            assert_eq!(got.version(), None);
            assert!(got.created_at().is_some());
            assert!(!with_exact || folder.bytes("a/b") == value);
        }
    }
}

#[tokio::test]
async fn f095_only_a_value_that_ends_in_a_newline_is_written_with_one_more() {
    let folder = Folder::new();
    folder.file("there", "canary");
    let store = folder.store().await;
    for (value, file) in
        [("canary", "canary"), ("canary\n", "canary\n\n"), ("canary\r\n", "canary\r\n\n")]
    {
        Asked(&store).put("a", value).await.unwrap();
        assert_eq!(folder.bytes("a"), file.as_bytes());
    }
}

#[tokio::test]
async fn b060_case_5_the_cap_counts_the_value_and_not_its_newline() {
    let full = "x".repeat(65_536);
    let folder = Folder::new();
    for end in ["", "\n", "\r\n"] {
        folder.file("full", format!("{full}{end}"));
        let store = folder.store().await;
        assert_eq!(Asked(&store).get("full").await.unwrap().value().len(), 65_536);
    }
    let store = folder.store().await;
    let too_large = (ErrorKind::Malformed, Some(Reason::TooLarge));
    for more in ["x", "xx", "xxx", "x\n", "\n\n"] {
        folder.file("more", format!("{full}{more}"));
        let error = fault(Asked(&store).get("more").await);
        assert_eq!((error.kind(), error.reason()), too_large, "{more:?}");
        assert!(error.to_string().contains("6553"), "the cap is named");
    }
    let exact = folder.exact().await;
    folder.file("more", format!("{full}\n"));
    assert_eq!(refused(Asked(&*exact).get("more").await), too_large);

    folder.file("kept", "canary");
    let put = Asked(&store).put("kept", &format!("{full}x")).await;
    assert_eq!(refused(put), too_large);
    assert_eq!(Asked(&store).text("kept").await, "canary");
    let ends_in_newline = format!("{}\n", "x".repeat(65_535));
    Asked(&store).put("kept", &ends_in_newline).await.unwrap();
    assert_eq!(Asked(&store).text("kept").await, ends_in_newline);
}

#[tokio::test]
async fn b059_case_6_empty_values_and_byte_order_marks_are_refused_both_ways() {
    let folder = Folder::new();
    folder.file("there", "canary");
    let store = folder.store().await;
    let empty = (ErrorKind::InvalidValue, Some(Reason::Empty));
    for file in ["", "\n", "\r\n"] {
        folder.file("empty", file);
        assert_eq!(refused(Asked(&store).get("empty").await), empty, "{file:?}");
    }
    let encoding = (ErrorKind::InvalidValue, Some(Reason::Encoding));
    folder.file("bom", "\u{feff}canary");
    assert_eq!(refused(Asked(&store).get("bom").await), encoding);
    let before = folder.picture();
    assert_eq!(refused(Asked(&store).put("there", "").await), empty);
    let put = Asked(&store).put("there", "\u{feff}canary").await;
    assert_eq!(refused(put), encoding);
    assert_eq!(folder.picture(), before);
}

#[tokio::test]
async fn put_replaces_the_file_at_once_and_leaves_nothing_beside_it() {
    let folder = Folder::new();
    folder.file("a/db", "canary-old");
    let mut open = fs::File::open(folder.at("a/db")).unwrap();
    let inode = open.metadata().unwrap().ino();
    let store = folder.store().await;
    Asked(&store).put("a/db", "canary-new").await.unwrap();
    let mut old = String::new();
    open.read_to_string(&mut old).unwrap();
    assert_eq!(old, "canary-old", "who reads meanwhile reads the old file");
    assert_ne!(fs::metadata(folder.at("a/db")).unwrap().ino(), inode);
    assert_eq!(folder.entries("a"), ["db"]);
    assert_eq!(folder.entries(""), [".lock", "a"]);
    assert_eq!((folder.mode("a/db"), folder.mode("a")), (0o640, 0o750));
}

#[tokio::test]
async fn a_temporary_file_of_a_writer_that_died_is_no_secret_and_is_swept() {
    let folder = Folder::new();
    folder.file("db", "canary");
    folder.file(".put.new", "canary-half");
    let store = folder.store().await;
    assert_eq!(Asked(&store).list(None).await.unwrap(), ["db"]);
    Asked(&store).put("db", "canary-new").await.unwrap();
    assert_eq!(folder.entries(""), [".lock", "db"]);
}

#[tokio::test]
async fn case_12_list_gives_nested_names_below_whole_segments_and_no_hidden_files() {
    let folder = Folder::new();
    for file in ["b", "a/b/c", "a/d", "ab", ".hidden", "a/.hidden", ".git/config"] {
        folder.file(file, "canary");
    }
    folder.dir("nothing");
    let store = folder.store().await;
    let all = Asked(&store).list(None).await.unwrap();
    assert_eq!(all, ["a/b/c", "a/d", "ab", "b"]);
    for (prefix, expected) in [
        ("a", &["a/b/c", "a/d"][..]),
        ("a/d", &["a/d"]),
        ("a/b/c", &["a/b/c"]),
        ("A", &[]),
        ("nothing", &[]),
        ("a/b/c/d", &[]),
    ] {
        assert_eq!(Asked(&store).list(Some(prefix)).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn case_7_an_absent_secret_is_not_found_and_named() {
    let folder = Folder::new();
    folder.file("a/b", "canary");
    let store = folder.store().await;
    for absent in ["x", "a/x", "x/y/z"] {
        let error = fault(Asked(&store).get(absent).await);
        assert_eq!((error.kind(), error.reason()), (ErrorKind::NotFound, Some(Reason::Secret)));
        assert_eq!(
            (error.name(), error.provider(), error.operation()),
            (Some(absent), Some("file"), Some("get"))
        );
        assert_eq!(
            refused(Asked(&store).delete(absent).await),
            (ErrorKind::NotFound, Some(Reason::Secret))
        );
    }
    for folder_name in ["a", "a/b/c"] {
        assert_eq!(kind(Asked(&store).get(folder_name).await), ErrorKind::Misconfigured);
    }
}

#[tokio::test]
async fn a_deleted_secret_is_gone_and_its_neighbours_stay() {
    let folder = Folder::new();
    for file in ["a/b", "a/c", "d"] {
        folder.file(file, "canary");
    }
    let store = folder.store().await;
    Asked(&store).delete("a/b").await.unwrap();
    assert_eq!(kind(Asked(&store).get("a/b").await), ErrorKind::NotFound);
    assert_eq!(Asked(&store).list(None).await.unwrap(), ["a/c", "d"]);
    assert_eq!(kind(Asked(&store).delete("a").await), ErrorKind::Misconfigured);
    assert_eq!(Asked(&store).list(None).await.unwrap(), ["a/c", "d"]);
}

#[tokio::test]
async fn a_flat_folder_stays_flat_when_its_last_secret_is_deleted() {
    let folder = Folder::new();
    folder.file("db", "canary");
    let store = folder.store().await;
    Asked(&store).delete("db").await.unwrap();
    assert_eq!(kind(Asked(&store).get("db").await), ErrorKind::NotFound);
    assert!(Asked(&store).list(None).await.unwrap().is_empty());
    assert_eq!(Asked(&store).put("db", "canary-2").await.unwrap(), None);
    assert_eq!(folder.bytes("db"), b"canary-2");
}

#[tokio::test]
async fn a_flat_folder_that_is_empty_all_at_once_is_an_outage() {
    let folder = Folder::new();
    folder.file("db", "canary");
    let store = folder.store().await;
    assert_eq!(Asked(&store).text("db").await, "canary");
    folder.remove("db");
    assert_eq!(kind(Asked(&store).get("db").await), ErrorKind::Unavailable);
    folder.file("db", "canary-again");
    assert_eq!(Asked(&store).text("db").await, "canary-again");
}

#[tokio::test]
async fn a_flat_folder_has_no_versions_and_says_so() {
    let folder = Folder::new();
    folder.file("db", "canary-1");
    let store = folder.store().await;
    let can = store.capabilities();
    assert!(can.put && can.list && can.delete && can.binary);
    assert!(!can.cas && !can.versions && !can.pending && !can.fields);
    for select in [Select::Previous, Select::Pending, exact("1")] {
        let got = Asked(&store).select("db", select.clone()).await;
        assert_eq!(kind(got), ErrorKind::Unsupported, "{select:?}");
    }
    assert_eq!(kind(Asked(&store).versions("db").await), ErrorKind::Unsupported);
    let before = folder.picture();
    for options in [
        PutOptions::default().stage(Stage::Pending),
        PutOptions::default().if_version(IfVersion::Absent),
        PutOptions::default().if_version(IfVersion::Is("1".into())),
    ] {
        let put = Asked(&store).put_with("db", "canary-2", options).await;
        assert_eq!(kind(put), ErrorKind::Unsupported);
    }
    let promoted = Asked(&store).promote("db", "20260215T090000Z", None).await;
    assert_eq!(kind(promoted), ErrorKind::Unsupported);
    assert_eq!(folder.picture(), before);
}

#[tokio::test]
async fn b091_links_are_not_followed_wherever_they_point() {
    let folder = Folder::new();
    folder.file("a/db", "canary-inside");
    fs::write(folder.outside("elsewhere"), "canary-outside").unwrap();
    folder.link("a/db", "inside");
    folder.link(folder.outside("elsewhere"), "outside");
    folder.link("a", "folder");
    folder.link("nowhere", "dangling");
    folder.link("/etc/passwd", "a/passwd");
    let store = folder.store().await;
    for link in ["inside", "outside", "folder/db", "dangling", "a/passwd"] {
        let got = Asked(&store).get(link).await;
        assert_eq!(kind(got), ErrorKind::Misconfigured, "{link}");
    }
    let put = Asked(&store).put("folder/new", "canary").await;
    assert_eq!(kind(put), ErrorKind::Misconfigured);
    assert_eq!(folder.entries("a"), ["db", "passwd"]);
}

#[tokio::test]
async fn put_replaces_a_link_and_not_what_it_points_to() {
    let folder = Folder::new();
    folder.file("there", "canary");
    let elsewhere = folder.outside("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    symlink(&elsewhere, folder.at("db")).unwrap();
    let store = folder.store().await;
    Asked(&store).put("db", "canary-new").await.unwrap();
    assert_eq!(fs::read(&elsewhere).unwrap(), b"mine");
    assert_eq!(Asked(&store).text("db").await, "canary-new");
}

#[tokio::test]
async fn b090_names_that_cannot_be_told_apart_are_refused_and_nothing_is_written() {
    let folder = Folder::new();
    folder.file("Database/Url", "canary");
    folder.file("c", "canary");
    let store = folder.store().await;
    let before = folder.picture();
    for taken in [
        "database/url",
        "Database/URL",
        "database/Other",
        "C",
        "C/d",
        "c/d",
        "Database",
        "database",
    ] {
        let put = Asked(&store).put(taken, "canary").await;
        assert_eq!(refused(put), (ErrorKind::Misconfigured, Some(Reason::Collision)), "{taken}");
    }
    assert_eq!(folder.picture(), before);
    Asked(&store).put("Database/Other", "canary").await.unwrap();
}

#[tokio::test]
async fn b090_case_10_names_that_are_no_files_are_refused_before_the_disk_is_asked() {
    let folder = Folder::new();
    folder.file("db", "canary");
    fs::write(folder.outside("secret"), "canary").unwrap();
    let store = folder.store().await;
    let before = folder.picture();
    let deep = ["d"; 40].join("/");
    for text in ["..x", ".lock", ".put.new", "a/.b", &"x".repeat(256), &deep] {
        let refusals = [
            kind(Asked(&store).get(text).await),
            kind(Asked(&store).put(text, "canary").await),
            kind(Asked(&store).delete(text).await),
        ];
        assert_eq!(refusals, [ErrorKind::Misconfigured; 3], "{text}");
    }
    assert_eq!(folder.picture(), before);
    // What looks like an escape to a URL or a shell is a plain file name here.
    for text in ["%2e%2e%2fsecret", "a?b", "$HOME", "a b", "..", "a/../b"] {
        if strongroom_core::SecretName::new(text).is_ok() {
            Asked(&store).put(text, "canary").await.unwrap();
            assert_eq!(folder.bytes(text), b"canary");
        }
    }
    assert_eq!(fs::read(folder.outside("secret")).unwrap(), b"canary");
}

#[tokio::test]
async fn whatever_can_be_put_leaves_a_folder_that_can_be_listed() {
    let folder = Folder::new();
    folder.file("db", "canary");
    let store = folder.store().await;
    for depth in 1..40 {
        let name = vec![format!("d{depth}"); depth].join("/");
        if Asked(&store).put(&name, "canary").await.is_err() {
            break;
        }
        assert!(Asked(&store).list(None).await.unwrap().contains(&name));
        folder.store().await;
    }
}

#[tokio::test]
async fn no_name_turns_a_flat_folder_into_releases() {
    let folder = Folder::new();
    folder.file("db", "canary");
    let store = folder.store().await;
    for text in ["releases/x", "releases/20260215T090000Z/x", "releases", "current"] {
        // Refused or written: the secrets that were there have to stay what they were.
        let _ = Asked(&store).put(text, "canary-new").await;
        assert_eq!(Asked(&store).text("db").await, "canary", "{text}");
        assert_eq!(Asked(&folder.store().await).text("db").await, "canary");
        Asked(&store).put("other", "canary-other").await.unwrap();
        assert_eq!(Asked(&store).text("db").await, "canary", "{text}");
    }
}

#[tokio::test]
async fn a_put_beside_an_empty_releases_folder_hides_nothing() {
    let folder = Folder::new();
    folder.file("db", "canary");
    folder.dir("releases");
    let store = folder.store().await;
    let before = Asked(&store).text("db").await;
    let _ = Asked(&store).put("other", "canary-other").await;
    assert_eq!(Asked(&store).text("db").await, before);
}

#[tokio::test]
async fn a_folder_that_is_itself_a_release_is_read_and_not_written() {
    let folder = Folder::new();
    let store = folder.store().await;
    let stamp = Asked(&store).write("db", "canary-1").await;
    let inner = folder.at("releases").join(&stamp);
    let release = strongroom_local::FileStore::open(&inner).await.unwrap();
    assert_eq!(Asked(&release).text("db").await, "canary-1");
    let put = Asked(&release).put("db", "canary-2").await;
    assert_eq!(kind(put), ErrorKind::Misconfigured);
    assert_eq!(kind(Asked(&release).delete("db").await), ErrorKind::Misconfigured);
    assert_eq!(Asked(&folder.store().await).text("db").await, "canary-1");
}

#[tokio::test]
async fn get_many_answers_each_name_in_its_place() {
    let folder = Folder::new();
    folder.file("a", "canary-a");
    folder.file("b", "canary-b");
    folder.file("loose", "canary-loose");
    folder.chmod("loose", 0o644);
    let store = folder.store().await;
    let names = common::names(&["b", "absent", ".hidden", "loose", "a", "b"]);
    let got = store.get_many(&names, Default::default()).await;
    let told: Vec<_> =
        got.iter().map(|one| one.as_ref().map(shown).map_err(|error| error.kind())).collect();
    assert_eq!(
        told,
        [
            Ok("canary-b".into()),
            Err(ErrorKind::NotFound),
            Err(ErrorKind::Misconfigured),
            Err(ErrorKind::Misconfigured),
            Ok("canary-a".into()),
            Ok("canary-b".into())
        ]
    );
    for (one, name) in got.into_iter().zip(&names) {
        if let Err(error) = common::quiet(one) {
            assert_eq!(error.name(), Some(name.as_str()));
        }
    }
    assert!(store.get_many(&[], Default::default()).await.is_empty());
}

#[tokio::test]
async fn a_secret_replaced_from_outside_is_read_anew() {
    let folder = Folder::new();
    folder.file("db", "canary-1");
    let store = folder.store().await;
    assert_eq!(Asked(&store).text("db").await, "canary-1");
    folder.file("next", "canary-2");
    folder.rename("next", "db");
    assert_eq!(Asked(&store).text("db").await, "canary-2");
    folder.file("other", "canary");
    folder.remove("db");
    let got = store.get(&name("db"), Default::default()).await;
    assert_eq!(kind(got), ErrorKind::NotFound);
}
