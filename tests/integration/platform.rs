//! A running `zhishou`, as its users have it: a process, a port and a login.

use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

/// The binary that was built with the tests.
pub(crate) fn binary() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.parent().and_then(Path::parent).unwrap();
    let binary = folder.join("zhishou");
    assert!(binary.exists(), "{} is missing: `make test` builds it", binary.display());
    binary
}

/// A process that ends with its owner.
pub(crate) struct Platform {
    child: Child,
    pub(crate) address: String,
    pub(crate) login: Option<(String, String)>,
}

impl Platform {
    /// Starts `zhishou` with these arguments and waits for the address it prints.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(binary())
            .args(["--lang", "en"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (lines, printed) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads to the end, so that the process never blocks on a full pipe.
            output.lines().map_while(Result::ok).for_each(|line| drop(lines.send(line)));
        });
        let (mut address, mut user, mut password) = (None, None, None);
        let deadline = Instant::now() + Duration::from_secs(180);
        while address.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = printed.recv_timeout(left).expect("no address was printed");
            let word =
                |label: &str| line.trim().strip_prefix(label).map(|rest| rest.trim().to_owned());
            user = user.or_else(|| word("user:"));
            password = password.or_else(|| word("password:"));
            address = word("open:");
        }
        let address = address.unwrap().trim_end_matches('/').to_owned();
        Self { child, address, login: user.zip(password) }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The process, to send it a signal.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// A real browser does what the users do.
    pub(crate) fn drive(&self, script: &str, user: &str, password: &str) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/browser");
        let output = Command::new("node")
            .args([script, &self.address, user, password])
            .args(std::env::var_os("ZHISHOU_SCREENSHOTS"))
            .current_dir(folder)
            .output()
            .expect("node is missing: run `make test`");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // Already gone after `kill` or `terminate`.
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A logged-in visitor.
pub(crate) struct Visitor {
    client: reqwest::Client,
    origin: String,
}

impl Visitor {
    /// Logs in over the API, changing a one-time password to `password` on the way.
    pub(crate) async fn login(
        platform: &Platform,
        user: &str,
        one_time: &str,
        password: &str,
    ) -> Self {
        let client = reqwest::Client::builder()
            .cookie_store(true)
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        let visitor = Self { client, origin: platform.address.clone() };
        let session = serde_json::json!({ "login": user, "password": one_time });
        let (status, body) = visitor.post("/api/v1/session", &session).await;
        assert_eq!(status, 200, "{body}");
        if body["must_change"] == true {
            let form = [("current", one_time), ("new", password), ("again", password)];
            let request = visitor.client.post(platform.url("/password")).form(&form);
            let answer = request.header("origin", &visitor.origin).send().await.unwrap();
            assert!(answer.status().is_success(), "{}", answer.status());
        }
        visitor
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.client.get(format!("{}{path}", self.origin)).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.client.post(format!("{}{path}", self.origin)).json(body);
        let response = request.header("origin", &self.origin).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    /// Sends a form as a browser does, redirects followed.
    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> u16 {
        let request = self.client.post(format!("{}{path}", self.origin)).form(fields);
        let response = request.header("origin", &self.origin).send().await.unwrap();
        response.status().as_u16()
    }

    pub(crate) async fn page(&self, path: &str) -> (u16, String) {
        let response = self.client.get(format!("{}{path}", self.origin)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Status, content type and body.
    pub(crate) async fn bytes(&self, path: &str) -> (u16, String, Vec<u8>) {
        let response = self.client.get(format!("{}{path}", self.origin)).send().await.unwrap();
        let (status, kind) = (response.status().as_u16(), response.headers().get("content-type"));
        let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
        (status, kind, response.bytes().await.unwrap().to_vec())
    }

    /// Every item of a list, page by page.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = None::<String>;
        loop {
            let join = if path.contains('?') { '&' } else { '?' };
            let cursor = next.map(|next| format!("{join}next={next}")).unwrap_or_default();
            let (status, page) = self.get(&format!("{path}{cursor}")).await;
            assert_eq!(status, 200, "{path}: {page}");
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(cursor) => next = Some(cursor.to_owned()),
                None => return items,
            }
        }
    }
}

/// A data directory with a ledger and a configuration.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new(plan: &str, rows: &[String]) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(home.path("zhishou.toml"), format!("[plans.default]\n{plan}")).unwrap();
        let ledger = format!("名称,国标编码,街道,站点,RTSP 地址,用户名,密码\n{}", rows.join("\n"));
        home.import(&ledger);
        home
    }

    /// Imports a ledger.
    pub(crate) fn import(&self, ledger: &str) {
        fs::write(self.path("ledger.csv"), ledger).unwrap();
        let import = Command::new(binary())
            .args(["import", &self.path("ledger.csv"), "--data", &self.path("data")])
            .args(["--config", &self.path("zhishou.toml")])
            .output()
            .unwrap();
        assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn serve(&self) -> Platform {
        let (data, config) = (self.path("data"), self.path("zhishou.toml"));
        Platform::start(&["serve", "--data", &data, "--config", &config, "--listen", "127.0.0.1:0"])
    }
}

/// A line of the ledger.
pub(crate) fn row(number: usize, url: &str, login: &str) -> String {
    format!("相机{number:03},{number:020},东街,站点{},{url},{login}", number % 2)
}
