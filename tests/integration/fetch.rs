//! `readseeker model fetch` against a local server that misbehaves as servers do: it redirects, drops connections, is
//! busy, lacks the file, or has another version.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use crate::support::{Bench, stderr, testdata};

/// A client's request.
#[derive(Clone, Debug)]
struct Request {
    path: String,
    headers: HashMap<String, String>,
}

impl Request {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        let path = lines.next()?.split(' ').nth(1)?.to_owned();
        let headers = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        });
        Some(Self { path, headers: headers.collect() })
    }

    /// The first byte that the client asks for.
    fn start(&self) -> usize {
        let range = self.headers.get("range").map(|range| range.strip_prefix("bytes=").unwrap());
        range.map_or(0, |range| range.strip_suffix('-').unwrap().parse().unwrap())
    }
}

/// A server, and the requests it has received.
struct Server {
    endpoint: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a server. `answer` gets each request and the requests before it.
    fn start(answer: impl Fn(&Request, &[Request]) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = Request::read(&stream) else { continue };
                let before = log.lock().unwrap().clone();
                let _gone = stream.write_all(&answer(&request, &before));
                log.lock().unwrap().push(request);
            }
        });
        Self { endpoint, asked }
    }

    fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }

    fn fetch(&self, bench: &Bench, args: &[&str]) -> Output {
        self.command(bench, args).output().unwrap()
    }

    fn command(&self, bench: &Bench, args: &[&str]) -> Command {
        let mut command = bench.command(&[&["model", "fetch"], args].concat());
        for proxy in ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
            command.env_remove(proxy);
        }
        command.env("HF_ENDPOINT", &self.endpoint).env("HF_TOKEN", "secret");
        command.env("READSEEKER_CACHE", bench.path("cache"));
        command
    }
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Serves a file of the model, from the first byte that the client asks for.
fn file(request: &Request, name: &str) -> Vec<u8> {
    let Ok(whole) = fs::read(testdata("parity/k6_tiny_zip").join(name)) else {
        return answer("404 Not Found", "", b"");
    };
    match request.start() {
        0 => answer("200 OK", "ETag: \"v1\"\r\n", &whole),
        start => {
            let range = format!("Content-Range: bytes {start}-{}/{}\r\n", whole.len() - 1, whole.len());
            answer("206 Partial Content", &format!("{range}ETag: \"v1\"\r\n"), &whole[start..])
        }
    }
}

fn name_of(request: &Request) -> &str {
    request.path.rsplit('/').next().unwrap()
}

/// Checks that the fetched model is the one that is served.
fn assert_whole(bench: &Bench, place: &str) {
    for name in ["config.json", "vocab.txt", "pytorch_model.bin"] {
        let served = fs::read(testdata("parity/k6_tiny_zip").join(name)).unwrap();
        assert_eq!(fs::read(bench.path(&format!("{place}/{name}"))).unwrap(), served, "{name}");
    }
    assert_eq!(fs::read_dir(bench.path(place)).unwrap().count(), 3);
}

#[test]
fn a_model_is_fetched_through_redirects_cuts_and_a_busy_server() {
    let server = Server::start(|request, before| {
        let name = name_of(request);
        let times = before.iter().filter(|earlier| earlier.path == request.path).count();
        match (request.path.starts_with("/cdn/"), times) {
            (false, 0) if name == "config.json" => answer("429 Too Many Requests", "Retry-After: 0\r\n", b""),
            (false, _) if name == "pytorch_model.bin" => {
                answer("302 Found", &format!("Location: /cdn/{name}\r\n"), b"")
            }
            // Each of the first three connections breaks after half of what is left.
            (true, 0..3) => {
                let whole = file(request, name);
                whole[..whole.len() / 2].to_vec()
            }
            _ => file(request, name),
        }
    });
    let bench = Bench::new();
    let run = server.fetch(&bench, &["someone/tiny"]);
    assert!(run.status.success(), "{}", stderr(&run));
    assert!(String::from_utf8_lossy(&run.stdout).trim_end().ends_with("cache/models/tiny"));
    assert_whole(&bench, "cache/models/tiny");
    assert_eq!(fs::read_dir(bench.path("cache/models")).unwrap().count(), 1, "nothing is left beside it");

    let asked = server.asked();
    let resumed: Vec<&Request> = asked.iter().filter(|request| request.path.starts_with("/cdn/")).collect();
    assert_eq!(resumed.len(), 4);
    assert!(resumed.windows(2).all(|two| two[0].start() < two[1].start()), "{resumed:?}");
    assert!(resumed[1..].iter().all(|request| request.headers["if-range"] == "\"v1\""));
    assert_eq!(asked[0].path, "/someone/tiny/resolve/main/config.json");
    assert_eq!(asked[0].headers["authorization"], "Bearer secret");

    bench.write("in.fa", format!(">r\n{}\n", "ACGTTGCA".repeat(20)));
    let split = ["split", "in.fa", "--device", "cpu", "--model", "tiny", "--coding", "c.fa", "--noncoding", "n.fa"];
    let run = bench.command(&split).env("READSEEKER_CACHE", bench.path("cache")).output().unwrap();
    assert!(run.status.success(), "{}", stderr(&run));
    let again = server.fetch(&bench, &["someone/tiny"]);
    assert!(again.status.success() && stderr(&again).contains("is there already"), "{}", stderr(&again));
    assert_eq!(server.asked().len(), asked.len(), "nothing is asked for again");
}

#[test]
fn a_download_that_was_killed_goes_on() {
    let server = Server::start(|request, _| file(request, name_of(request)));
    let bench = Bench::new();
    let whole = fs::read(testdata("parity/k6_tiny_zip/pytorch_model.bin")).unwrap();
    fs::create_dir(bench.path(".here.part")).unwrap();
    bench.write(".here.part/pytorch_model.bin.part", &whole[..1000]);
    bench.write(".here.part/pytorch_model.bin.etag", "\"v1\"");
    let run = server.fetch(&bench, &["someone/tiny", "--to", "here"]);
    assert!(run.status.success(), "{}", stderr(&run));
    assert_whole(&bench, "here");
    assert!(server.asked().iter().any(|request| request.start() == 1000));
}

#[test]
fn a_download_that_is_killed_leaves_no_model() {
    // The weights stall until the first download is killed.
    let stalls = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let waits = Arc::clone(&stalls);
    let server = Server::start(move |request, _| {
        let begun = std::time::Instant::now();
        while name_of(request) == "pytorch_model.bin"
            && waits.load(std::sync::atomic::Ordering::Relaxed)
            && begun.elapsed().as_secs() < 60
        {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        file(request, name_of(request))
    });
    let bench = Bench::new();
    let mut child = server.command(&bench, &["someone/tiny", "--to", "here"]).spawn().unwrap();
    while !bench.path(".here.part").join("vocab.txt").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(bench.files(), [".here.part"]);
    stalls.store(false, std::sync::atomic::Ordering::Relaxed);
    let run = server.fetch(&bench, &["someone/tiny", "--to", "here"]);
    assert!(run.status.success(), "{}", stderr(&run));
    assert_whole(&bench, "here");
    assert_eq!(bench.files(), ["here"]);
}

#[test]
fn a_file_that_changed_meanwhile_is_fetched_from_its_start() {
    let server = Server::start(|request, _| match request.headers.get("if-range") {
        Some(etag) if etag != "\"v1\"" => {
            let from_start = Request { headers: HashMap::new(), ..request.clone() };
            file(&from_start, name_of(request))
        }
        _ => file(request, name_of(request)),
    });
    let bench = Bench::new();
    fs::create_dir(bench.path(".here.part")).unwrap();
    bench.write(".here.part/pytorch_model.bin.part", "an older version");
    bench.write(".here.part/pytorch_model.bin.etag", "\"v0\"");
    let run = server.fetch(&bench, &["someone/tiny", "--to", "here"]);
    assert!(run.status.success(), "{}", stderr(&run));
    assert_whole(&bench, "here");
}

#[test]
fn what_cannot_be_fetched_leaves_no_model_and_says_why() {
    let fails = |args: &[&str], answer: fn(&Request, &[Request]) -> Vec<u8>, problems: &[&str]| {
        let server = Server::start(answer);
        let bench = Bench::new();
        let run = server.fetch(&bench, args);
        assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
        for problem in problems {
            assert!(stderr(&run).contains(problem), "{problem}: {}", stderr(&run));
        }
        assert!(!stderr(&run).contains("secret") && !bench.path("cache/models/tiny").exists());
    };
    let tiny = ["someone/tiny"];
    fails(&tiny, |_, _| answer("404 Not Found", "", b""), &["/config.json does not exist", "hint: check its name"]);
    fails(&tiny, |_, _| answer("401 Unauthorized", "", b""), &["access is refused (HTTP 401)", "HF_TOKEN"]);
    fails(&tiny, |_, _| answer("429 Too Many Requests", "Retry-After: 0\r\n", b""), &["HTTP 429", "try again later"]);
    fails(&tiny, |_, _| answer("200 OK", "", b"{}"), &["cannot load the model tiny", "hint: "]);
    fails(
        &["ReadSeeker"],
        |request, _| file(request, name_of(request)),
        &["pytorch_model.bin has 679468 bytes, expected 356851694"],
    );
}

#[test]
fn two_downloads_of_one_model_do_not_mix() {
    let server = Server::start(|request, _| file(request, name_of(request)));
    let bench = Bench::new();
    fs::create_dir(bench.path(".here.part")).unwrap();
    let lock = fs::File::create(bench.path(".here.part/lock")).unwrap();
    lock.lock().unwrap();
    let run = server.fetch(&bench, &["someone/tiny", "--to", "here"]);
    assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
    assert!(stderr(&run).contains("another process is downloading it") && server.asked().is_empty());
}

#[test]
fn a_name_that_is_not_a_model_is_a_usage_error() {
    let server = Server::start(|_, _| answer("404 Not Found", "", b""));
    for name in ["model", "a/../b", "https://"] {
        let run = server.fetch(&Bench::new(), &[name]);
        assert_eq!(run.status.code(), Some(2), "{name}: {}", stderr(&run));
    }
    assert!(server.asked().is_empty());
}
