//! Rows for every store.

use strongroom_core::{
    ErrorKind, Field, GetOptions, IfVersion, PutOptions, Reason, SecretName, SecretValue,
    SecretVersion, Select, Stage, VersionState,
};

use super::{Checked, Fault, Outcome, Run, Subject, ensure, refused};

/// Reads, writes, versions, conditions, deletion, lists and fields.
pub async fn store(subject: &Subject) -> Outcome {
    let can = subject.can;
    let mut run = Run::new();
    run.row("missing_secret_is_not_found", true, missing(subject)).await;
    run.row("written_text_is_read_back_exactly", can.put, exact(subject)).await;
    run.row("largest_value_is_kept", can.put, largest(subject)).await;
    run.row("binary_value_is_kept_or_refused", can.put, binary(subject)).await;
    run.row("odd_names_stay_apart_or_are_refused", can.put, odd_names(subject)).await;
    run.row("batch_answers_each_name_in_order", can.put, batch(subject)).await;
    run.row("list_gives_names_at_and_below_a_prefix", can.list && can.put, list(subject)).await;
    run.row("list_of_nothing_is_empty", can.list, empty_list(subject)).await;
    run.row("absent_condition_fails_on_what_exists", can.cas, absent(subject)).await;
    run.row("stale_condition_changes_nothing", can.cas, stale(subject)).await;
    run.row("second_version_is_the_current_one", can.versions, second(subject)).await;
    run.row("first_version_is_read_by_its_id", can.versions, first(subject)).await;
    run.row("previous_version_is_the_one_before", can.versions, previous(subject)).await;
    run.row("unknown_version_is_not_found", can.versions, unknown(subject)).await;
    run.row("versions_are_listed_newest_first", can.versions, versions(subject)).await;
    run.row("pending_version_waits_for_promotion", can.pending, pending(subject)).await;
    run.row("deleted_secret_is_gone_and_told_apart", can.delete, deleted(subject)).await;
    run.row("one_field_is_read_and_the_others_stay", can.fields, fields(subject)).await;
    run.row("what_is_not_pinned_is_unsupported", true, unsupported(subject)).await;
    run.row("capabilities_are_those_pinned", true, async {
        let said = subject.store.capabilities();
        ensure(said == can, format!("says {said:?}"))
    })
    .await;
    run.outcome()
}

async fn missing(subject: &Subject) -> Checked {
    let error = refused(subject.get(&subject.name("missing", "")).await, ErrorKind::NotFound)?;
    ensure(error.reason() != Some(Reason::Version), "says that the version is missing")
}

async fn exact(subject: &Subject) -> Checked {
    let values = [
        "canary-plain",
        "canary ünïcödé \u{1f511} 漢字",
        "canary \"quoted\" \\ back\\slash / and 'single'",
        "canary\ttab\u{1}control\u{7f}",
        "  canary with blanks at both ends  ",
        "canary\nwith\r\nlines\n",
        "\n",
        "{\"json\":[1,2.50,\"canary\"]}",
        "null",
        "0123",
    ];
    for (at, value) in values.iter().enumerate() {
        let name = subject.name("exact", &format!("/{at}"));
        match subject.put(&name, value).await {
            Err(error) if subject.trims && value.trim() != *value => {
                ensure(error.kind() == ErrorKind::InvalidValue, format!("value {at}: {error:?}"))?;
            }
            written => {
                written?;
                let read = subject.get(&name).await?;
                let is_same = read.expose() == value.as_bytes();
                ensure(is_same, format!("value {at} came back changed"))?;
            }
        }
    }
    Ok(())
}

async fn largest(subject: &Subject) -> Checked {
    let name = subject.name("largest", "");
    let value = "c".repeat(subject.largest);
    subject.put(&name, &value).await?;
    ensure(subject.get(&name).await?.expose() == value.as_bytes(), "came back changed")?;
    // What is longer than any value is refused before it gets here.
    if subject.largest < SecretValue::MAX_BYTES {
        let longer = subject.put(&name, &format!("{value}c")).await;
        let error = refused(longer, ErrorKind::InvalidValue)?;
        ensure(error.reason() == Some(Reason::TooLarge), format!("{error:?}"))?;
    }
    Ok(())
}

async fn binary(subject: &Subject) -> Checked {
    let name = subject.name("binary", "");
    let bytes = b"canary\0\xff\xfe\x80".to_vec();
    let put = subject.store.put(&name, bytes.clone().into(), PutOptions::default()).await;
    match put {
        Ok(_) => {
            ensure(subject.can.binary, "took what is not pinned")?;
            ensure(subject.get(&name).await?.expose() == bytes, "came back changed")
        }
        Err(error) => {
            ensure(!subject.can.binary, format!("refused: {error:?}"))?;
            let kinds = [ErrorKind::Unsupported, ErrorKind::InvalidValue];
            ensure(kinds.contains(&error.kind()), format!("refused with {error:?}"))?;
            refused(subject.get(&name).await, ErrorKind::NotFound).map(drop)
        }
    }
}

/// Each is a name of its own, or is refused before anything is written.
async fn odd_names(subject: &Subject) -> Checked {
    let odd =
        ["a/b", "a%2Fb", "a%2fb", "a b", "a?version=1", "a+b", "a;b", "a..b", "é", "%", "A/B"];
    let mut written: Vec<(SecretName, &str)> = Vec::new();
    for rest in odd {
        let name = subject.name("odd/", rest);
        match subject.put(&name, rest).await {
            Ok(_) => written.push((name, rest)),
            Err(error) => ensure(
                matches!(error.kind(), ErrorKind::Misconfigured | ErrorKind::Unsupported),
                format!("`{rest}`: {error:?}"),
            )?,
        }
    }
    ensure(!written.is_empty(), "took none of them")?;
    for (name, value) in written {
        let read = subject.get(&name).await?;
        ensure(read.expose() == value.as_bytes(), format!("`{value}` holds another one's value"))?;
    }
    Ok(())
}

async fn batch(subject: &Subject) -> Checked {
    let names = ["/1", "/missing", "/2"].map(|rest| subject.name("batch", rest));
    subject.put(&names[0], "canary-1").await?;
    subject.put(&names[2], "canary-2").await?;
    let read = subject.store.get_many(&names, GetOptions::default()).await;
    let [Ok(one), Err(missing), Ok(two)] = &read[..] else {
        return Err(Fault(format!("{} results, or in another order", read.len())));
    };
    ensure(missing.kind() == ErrorKind::NotFound, format!("{missing:?}"))?;
    ensure(
        one.value().expose() == b"canary-1" && two.value().expose() == b"canary-2",
        "values of other names",
    )
}

async fn list(subject: &Subject) -> Checked {
    let names = ["/a", "/a/b", "/a/c/d", "/ab"].map(|rest| subject.name("list", rest));
    let flat = names.clone().into_iter().step_by(3);
    // A folder of files cannot have a file `a` and a folder `a`.
    let mut written = Vec::new();
    for name in &names {
        match subject.put(name, "canary-list").await {
            Ok(_) => written.push(name.clone()),
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            Err(error) if error.kind() == ErrorKind::Misconfigured => {}
            Err(error) => return Err(error.into()),
        }
    }
    ensure(flat.into_iter().all(|name| written.contains(&name)), "took not even flat names")?;
    written.sort();
    let all = subject.store.list(None).await?;
    let ours: Vec<_> =
        all.iter().filter(|name| name.as_str().starts_with("conformance/list/")).cloned().collect();
    ensure(ours == written, format!("all: {ours:?}"))?;
    let below = subject.store.list(Some(&names[0])).await?;
    let expected: Vec<_> = written
        .iter()
        .filter(|name| **name == names[0] || name.strip_prefix(&names[0]).is_some())
        .cloned()
        .collect();
    ensure(below == expected, format!("below a: {below:?}"))
}

async fn empty_list(subject: &Subject) -> Checked {
    let listed = subject.store.list(Some(&subject.name("nothing", "/here"))).await?;
    ensure(listed.is_empty(), format!("{listed:?}"))
}

async fn absent(subject: &Subject) -> Checked {
    let name = subject.name("absent", "");
    subject.put_if(&name, "canary-1", IfVersion::Absent).await?;
    let again = subject.put_if(&name, "canary-2", IfVersion::Absent).await;
    refused(again, ErrorKind::Conflict)?;
    ensure(subject.get(&name).await?.expose() == b"canary-1", "was written all the same")
}

async fn stale(subject: &Subject) -> Checked {
    let name = subject.name("stale", "");
    let missing = subject.put_if(&name, "canary-0", IfVersion::Is("1".into())).await;
    refused(missing, ErrorKind::Conflict)?;
    let first = version(subject.put(&name, "canary-1").await?)?;
    let second = version(subject.put_if(&name, "canary-2", IfVersion::Is(first.clone())).await?)?;
    ensure(first != second, "the version stayed the same")?;
    let stale = subject.put_if(&name, "canary-3", IfVersion::Is(first)).await;
    refused(stale, ErrorKind::Conflict)?;
    let secret = subject.store.get(&name, GetOptions::default()).await?;
    ensure(
        secret.value().expose() == b"canary-2" && secret.version() == Some(&second),
        "something was written",
    )
}

async fn two(subject: &Subject, row: &str) -> Result<(SecretName, [SecretVersion; 2]), Fault> {
    let name = subject.name(row, "");
    let first = version(subject.put(&name, "canary-first").await?)?;
    let second = version(subject.put(&name, "canary-second").await?)?;
    Ok((name, [first, second]))
}

fn version(version: Option<SecretVersion>) -> Result<SecretVersion, Fault> {
    version.ok_or_else(|| Fault("a write gave no version".into()))
}

async fn second(subject: &Subject) -> Checked {
    let (name, [_, second]) = two(subject, "second").await?;
    let secret = subject.store.get(&name, GetOptions::default()).await?;
    ensure(secret.value().expose() == b"canary-second", "another value")?;
    ensure(secret.version() == Some(&second), format!("version {:?}", secret.version()))
}

async fn first(subject: &Subject) -> Checked {
    let (name, [first, _]) = two(subject, "first").await?;
    let options = GetOptions::default().select(Select::Exact(first.clone()));
    let secret = subject.store.get(&name, options).await?;
    ensure(secret.value().expose() == b"canary-first", "another value")?;
    ensure(secret.version() == Some(&first), format!("version {:?}", secret.version()))
}

async fn previous(subject: &Subject) -> Checked {
    let (name, [first, _]) = two(subject, "previous").await?;
    let options = GetOptions::default().select(Select::Previous);
    let secret = subject.store.get(&name, options.clone()).await?;
    ensure(secret.version() == Some(&first), format!("version {:?}", secret.version()))?;
    let lone = subject.name("previous", "-of-one");
    subject.put(&lone, "canary-lone").await?;
    refused(subject.store.get(&lone, options).await, ErrorKind::NotFound).map(drop)
}

async fn unknown(subject: &Subject) -> Checked {
    let (name, _) = two(subject, "unknown").await?;
    for id in ["999", "0", "-1", "no such version", ""] {
        let options = GetOptions::default().select(Select::Exact(id.into()));
        let error = refused(subject.store.get(&name, options).await, ErrorKind::NotFound)?;
        ensure(error.reason() == Some(Reason::Version), format!("`{id}`: {error:?}"))?;
    }
    Ok(())
}

async fn versions(subject: &Subject) -> Checked {
    let (name, [first, second]) = two(subject, "versions").await?;
    let infos = subject.store.versions(&name).await?;
    let states: Vec<_> = infos.iter().map(|info| (&info.version, info.state)).collect();
    let expected = [(&second, VersionState::Current), (&first, VersionState::Previous)];
    ensure(states == expected, format!("{states:?}"))?;
    ensure(infos.iter().all(|info| info.created_at.is_some()), "a version has no time")?;
    let retired: Vec<_> = infos.iter().map(|info| info.retired_at.is_some()).collect();
    ensure(retired == [false, true], "only the previous version is retired")?;
    let missing = subject.store.versions(&subject.name("versions", "-missing")).await;
    refused(missing, ErrorKind::NotFound).map(drop)
}

async fn pending(subject: &Subject) -> Checked {
    let name = subject.name("pending", "");
    let first = version(subject.put(&name, "canary-current").await?)?;
    let options = PutOptions::default().stage(Stage::Pending);
    let put = subject.store.put(&name, "canary-pending".into(), options).await?;
    let next = version(put)?;
    ensure(subject.get(&name).await?.expose() == b"canary-current", "is current at once")?;
    let waiting = GetOptions::default().select(Select::Pending);
    let waiting = subject.store.get(&name, waiting).await?;
    ensure(waiting.version() == Some(&next), "is not found as the pending one")?;
    let stale = subject.store.promote(&name, &next, Some(&next)).await;
    refused(stale, ErrorKind::Conflict)?;
    subject.store.promote(&name, &next, Some(&first)).await?;
    ensure(subject.get(&name).await?.expose() == b"canary-pending", "was not promoted")
}

async fn deleted(subject: &Subject) -> Checked {
    let name = subject.name("deleted", "");
    refused(subject.store.delete(&name).await, ErrorKind::NotFound)?;
    subject.put(&name, "canary-deleted").await?;
    subject.store.delete(&name).await?;
    let Err(gone) = subject.get(&name).await else {
        return Err(Fault("can still be read".into()));
    };
    match subject.store.restore(&name).await {
        Err(error) if error.kind() == ErrorKind::Unsupported => ensure(
            matches!(gone.kind(), ErrorKind::NotFound | ErrorKind::Deleted),
            format!("{gone:?}"),
        ),
        Err(error) => Err(error.into()),
        Ok(()) => {
            // What can be brought back is not simply not there.
            ensure(gone.kind() == ErrorKind::Deleted, format!("{gone:?}"))?;
            ensure(subject.get(&name).await?.expose() == b"canary-deleted", "came back changed")
        }
    }
}

async fn fields(subject: &Subject) -> Checked {
    let name = subject.name("fields", "");
    let put = async |text: &str, value: &str| {
        let options = PutOptions::default().field(Some(Field::new(text)?));
        subject.store.put(&name, value.into(), options).await
    };
    let field = |text: &str| Field::new(text).map(Some);
    put("user", "canary-user").await?;
    let beside = match put("pass.word", "canary-1").await {
        // Without check-and-set, what is written to a sibling at the same time would be lost.
        Err(error) if error.kind() == ErrorKind::Unsupported && !subject.can.cas => None,
        written => Some(written?),
    };
    if beside.is_some() {
        put("pass.word", "canary-2").await?;
        let read = subject.store.get(&name, GetOptions::default().field(field("/pass.word")?));
        ensure(read.await?.value().expose() == b"canary-2", "another value of the field")?;
    }
    let read = subject.store.get(&name, GetOptions::default().field(field("user")?)).await?;
    ensure(read.value().expose() == b"canary-user", "the other field changed")?;
    let absent = subject.store.get(&name, GetOptions::default().field(field("absent")?)).await;
    let error = refused(absent, ErrorKind::NotFound)?;
    ensure(error.reason() == Some(Reason::Field), format!("{error:?}"))
}

async fn unsupported(subject: &Subject) -> Checked {
    let (can, store) = (subject.can, &subject.store);
    let name = subject.name("unsupported", "");
    if !can.put {
        refused(subject.put(&name, "canary").await, ErrorKind::Unsupported)?;
    }
    if can.put && !can.cas {
        let put = subject.put_if(&name, "canary", IfVersion::Is("1".into())).await;
        refused(put, ErrorKind::Unsupported)?;
    }
    if !can.list {
        refused(store.list(None).await, ErrorKind::Unsupported)?;
    }
    if !can.versions {
        refused(store.versions(&name).await, ErrorKind::Unsupported)?;
    }
    if can.put && !can.pending {
        let options = PutOptions::default().stage(Stage::Pending);
        let put = store.put(&name, "canary".into(), options).await;
        refused(put, ErrorKind::Unsupported)?;
        refused(store.promote(&name, &"1".into(), None).await, ErrorKind::Unsupported)?;
    }
    if !can.delete {
        refused(store.delete(&name).await, ErrorKind::Unsupported)?;
    }
    if !can.fields {
        let options = GetOptions::default().field(Some(Field::new("field")?));
        refused(store.get(&name, options).await, ErrorKind::Unsupported)?;
    }
    Ok(())
}
