//! Where a package came from that no index has: `direct_url.json` (PEP 610).

use serde_json::Value;

/// `git+https://HOST/PATH@COMMIT`, `https://HOST/FILE#sha256=...`, `file:///FOLDER (editable)`; `None` where it is no such file.
pub(super) fn of(text: &str) -> Option<String> {
    let told: Value = serde_json::from_str(text).ok()?;
    let word = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let url = plain(&word(&told, "url")?);
    if let Some(vcs) = told.get("vcs_info") {
        return Some(format!("{}+{url}@{}", word(vcs, "vcs")?, word(vcs, "commit_id")?));
    }
    if let Some(archive) = told.get("archive_info") {
        let hash = archive.pointer("/hashes/sha256").and_then(Value::as_str).map(|hash| format!("sha256={hash}"));
        return Some(hash.or_else(|| word(archive, "hash")).map_or_else(|| url.clone(), |hash| format!("{url}#{hash}")));
    }
    let folder = told.get("dir_info")?;
    let editable = folder.get("editable").and_then(Value::as_bool).unwrap_or(false);
    Some(if editable { format!("{url} (editable)") } else { url })
}

/// Without user and password, and without a query, which may hold a token.
fn plain(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_and_digests_are_told_without_credentials() {
        // The examples of the specification, with credentials put in.
        let git = r#"{"url": "https://user:hunter2@github.com/pypa/pip.git?token=hunter2", "vcs_info": {"vcs": "git", "requested_revision": "1.3.1", "commit_id": "7921be1537eac1e97bc40179a57f0349c2aee67d"}}"#;
        assert_eq!(of(git).unwrap(), "git+https://github.com/pypa/pip.git@7921be1537eac1e97bc40179a57f0349c2aee67d");
        let archive = r#"{"url": "https://github.com/pypa/pip/archive/1.3.1.zip", "archive_info": {"hash": "sha256=2dc6b5a4", "hashes": {"sha256": "2dc6b5a4"}}}"#;
        assert_eq!(of(archive).unwrap(), "https://github.com/pypa/pip/archive/1.3.1.zip#sha256=2dc6b5a4");
        assert_eq!(of(r#"{"url": "file:///home/user/project", "dir_info": {"editable": true}}"#).unwrap(), "file:///home/user/project (editable)");
        assert_eq!(of(r#"{"url": "file:///home/user/project", "dir_info": {}}"#).unwrap(), "file:///home/user/project");
        for odd in ["", "[]", "{}", r#"{"url": 3}"#, r#"{"url": "x"}"#, r#"{"url": "x", "vcs_info": {}}"#] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }
}
