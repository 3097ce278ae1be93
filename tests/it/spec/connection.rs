//! The connection block: PEM files are looked into when the spec is read, and a proxy is part of what is measured.

use super::{SMALL, env};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rigcheck::spec::{Loaded, Options, diagnostics::Problems, load_text, settings::Auth};
use std::{fs, path::Path};

fn read_in(folder: &Path, text: &str) -> Result<Loaded, Problems> {
    load_text(text, "rigcheck.yaml", folder, &Options { checks_dir: None, env: &env, exec: rigcheck::spec::Exec::Refused })
}

fn target(keys: &str) -> String {
    SMALL.replace("url: http://127.0.0.1:8000,", &format!("url: https://127.0.0.1:8000, {keys},"))
}

/// A folder with a certificate, its key, both in one file, another key, an encrypted one, and no PEM at all.
fn files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["client".to_owned()]).unwrap();
    let (cert, key) = (cert.pem(), signing_key.serialize_pem());
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("cert.pem", &cert);
    write("key.pem", &key);
    write("both.pem", &format!("{cert}{key}"));
    write("other.pem", &KeyPair::generate().unwrap().serialize_pem());
    write("locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    write("text.pem", "not PEM, but thesecrettext\n");
    folder
}

#[test]
fn a_client_certificate_comes_in_one_file_or_two() {
    let folder = files();
    for (keys, key) in [("client_cert: {cert: cert.pem, key: key.pem}", Some("key.pem")), ("client_cert: {cert: both.pem}", None)] {
        let loaded = read_in(folder.path(), &target(keys)).unwrap_or_else(|p| panic!("{p}"));
        let connection = loaded.settings.target.unwrap().connection;
        let cert = connection.client_cert.unwrap();
        assert_eq!(cert.key, key.map(|k| folder.path().join(k)));
    }
    assert!(read_in(folder.path(), &target("ca_file: cert.pem")).is_ok());
}

#[test]
fn a_file_that_cannot_serve_is_a_problem_at_its_place_and_is_not_shown() {
    let folder = files();
    for (keys, words) in [
        ("client_cert: {cert: cert.pem}", "`target.client_cert.cert` holds no private key: add `key: FILE.pem`"),
        ("client_cert: {cert: cert.pem, key: other.pem}", "`target.client_cert.key` does not belong to the certificate"),
        ("client_cert: {cert: cert.pem, key: locked.pem}", "`target.client_cert.key` holds an encrypted key"),
        ("client_cert: {cert: cert.pem, key: text.pem}", "`target.client_cert.key` holds no private key in PEM form"),
        ("client_cert: {cert: text.pem, key: key.pem}", "`target.client_cert.cert` holds no certificate in PEM form"),
        ("client_cert: {cert: cert.pem, key: gone.pem}", "`target.client_cert.key` cannot be read"),
        ("ca_file: text.pem", "`target.ca_file` holds no certificate in PEM form"),
    ] {
        let told = read_in(folder.path(), &target(keys)).unwrap_err().to_string();
        assert!(told.contains(words) && told.contains("\n1 problem in"), "{keys}:\n{told}");
        assert!(!told.contains("thesecrettext") && !told.contains("gone.pem"), "{told}");
    }
    let plain = target("client_cert: {cert: both.pem}").replace("https:", "http:");
    let told = read_in(folder.path(), &plain).unwrap_err().to_string();
    assert!(told.contains("`target.client_cert` is shown to nobody by `http://`"), "{told}");
}

#[test]
fn a_proxy_is_named_wherever_what_it_leads_to_is() {
    let loaded = super::good(&target("proxy: {url: http://127.0.0.1:3128, basic: {user: me, password: \"${env:API_KEY}\"}}"));
    let load = &loaded.profile.rig.sources["load"];
    assert_eq!(load.place, "https://127.0.0.1:8000/v1/chat/completions through the proxy http://127.0.0.1:3128");
    assert!(loaded.profile.rig.target.as_ref().unwrap().loopback);
    let proxy = loaded.settings.target.as_ref().unwrap().connection.proxy.as_ref().unwrap();
    assert!(matches!(&proxy.auth, Auth::Basic { user, .. } if user == "me"));
    let cleaned = loaded.settings.redactor.clean("x bWU6azN5LW9mLXRoZS1nYXRld2F5 k3y-of-the-gateway");
    assert!(!cleaned.contains("bWU6") && !cleaned.contains("k3y"), "{cleaned}");

    // Through it, the truth's own address is not the target's: the load is calibrated there.
    let same = SMALL.replace("8000", "9999");
    assert!(!super::good(&same).profile.rig.loads.contains_key("calibration"));
    let through = same.replace("url: http://127.0.0.1:9999,", "url: http://127.0.0.1:9999, proxy: http://127.0.0.1:3128,");
    assert!(super::good(&through).profile.rig.loads.contains_key("calibration"));

    let source = SMALL.replace("{url: http://127.0.0.1:9090}", "{url: http://127.0.0.1:9090, proxy: http://proxy:3128}");
    assert_eq!(super::good(&source).profile.rig.sources["prometheus"].place, "http://127.0.0.1:9090 through the proxy http://proxy:3128");
}
