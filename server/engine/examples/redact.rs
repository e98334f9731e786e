//! How long masking takes, against a plain copy of the same log in the same run: `cargo run --release -p launchway-engine
//! --example redact`. What counts are the ratios; the times are this machine's, of now.

use std::hint::black_box;
use std::time::{Duration, Instant};

use launchway_engine::redact::{Masker, Redactor};
use secrecy::SecretString;

/// How much log there is, in bytes, and how much of it is written at a time.
const LOG: usize = 100 << 20;
const WRITE: usize = 64 << 10;

/// Numbers that look like nothing in particular.
fn mixed(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Lines as builds and servers print them.
fn log() -> Vec<u8> {
    let mut log = Vec::with_capacity(LOG + 200);
    for n in 0_u64.. {
        let m = mixed(n);
        let line = match n % 4 {
            0 => format!(
                "npm http fetch GET 200 https://packages.example/pkg-{}/-/pkg-{}.tgz {}ms\n",
                m % 4096,
                m % 977,
                m % 300
            ),
            1 => format!(
                "   Compiling crate-{:x} v{}.{}.{} (/src/tree/crates/{:x})\n",
                m >> 40,
                m % 9,
                m % 30,
                m % 7,
                m >> 44
            ),
            2 => {
                format!("INFO request id={m:016x} path=/api/v1/items/{} status=200 bytes={}\n", m % 100_000, m % 65_536)
            }
            _ => "复制文件 assets/图片.png 到 dist/ … done\n".to_owned(),
        };
        log.extend_from_slice(line.as_bytes());
        if log.len() >= LOG {
            break;
        }
    }
    log
}

fn timed(work: impl FnOnce() -> usize) -> Duration {
    let began = Instant::now();
    black_box(work());
    began.elapsed()
}

fn main() {
    let log = log();
    let copy = || log.chunks(WRITE).map(|part| String::from_utf8_lossy(part).into_owned().len()).sum();
    timed(copy);
    let base = timed(copy);
    println!("{} MiB copied as text in {:.3} s", LOG >> 20, base.as_secs_f64());
    for count in [0_u64, 1, 20, 100] {
        let secrets: Vec<SecretString> =
            (0..count).map(|n| format!("S{:x}-{:x}/+{n}", mixed(n + 7), mixed(n + 7).rotate_left(17)).into()).collect();
        let redactor = Redactor::new(&secrets);
        let took = timed(|| {
            let mut masker = Masker::new(redactor.clone());
            let masked: usize = log.chunks(WRITE).map(|part| masker.push(part).len()).sum();
            masked + masker.finish().len()
        });
        let times = took.as_secs_f64() / base.as_secs_f64();
        println!("{count:>3} secrets: {:.3} s, {times:.1} times the copy", took.as_secs_f64());
    }
}
