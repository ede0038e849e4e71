//! The least that receiving costs, for `make bench`: `bench-reader SECONDS < urls` opens every
//! address with a bare PLAY, which `bench-cameras` is content with, and reads what comes into one
//! buffer until the seconds are over. One thread, one epoll, a read for each readiness; it parses
//! nothing, keeps nothing and knows no time of arrival.
//!
//! Prints `{"done": N, "cpu_s": S, "wall_s": S}`: connections that brought media, CPU and wall
//! seconds of it all.

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::time::{ClockId, clock_gettime};

/// As our probes read.
const READ: usize = 64 * 1024;

#[expect(clippy::disallowed_methods, reason = "measuring is reading clocks")]
fn main() -> Result<(), Box<dyn Error>> {
    let seconds: f64 =
        std::env::args().nth(1).ok_or("usage: bench-reader SECONDS < urls")?.parse()?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let began = Instant::now();
    let before = cpu();
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut streams = Vec::new();
    for url in text.split_whitespace() {
        let address = url.split('/').nth(2).ok_or("an address is rtsp://HOST:PORT/…")?;
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "PLAY {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n")?;
        stream.set_nonblocking(true)?;
        let data = epoll::EventData::new_u64(streams.len() as u64);
        epoll::add(&poll, &stream, data, epoll::EventFlags::IN | epoll::EventFlags::ET)?;
        streams.push((stream, 0_usize));
    }
    let mut buffer = vec![0; READ];
    let mut events = Vec::with_capacity(1_024);
    loop {
        let left = Duration::from_secs_f64(seconds).saturating_sub(began.elapsed());
        if left.is_zero() {
            break;
        }
        events.clear();
        epoll::wait(&poll, spare_capacity(&mut events), Some(&Timespec::try_from(left)?))?;
        for event in &events {
            let (stream, bytes) = &mut streams[event.data.u64() as usize];
            while let Ok(read) = stream.read(&mut buffer) {
                *bytes += read;
                // A read that did not fill the buffer took all there was, as epoll(7) allows.
                if read < READ {
                    break;
                }
            }
        }
    }
    let done = streams.iter().filter(|(_, bytes)| *bytes > READ).count();
    drop(streams);
    let (cpu_s, wall_s) = (cpu() - before, began.elapsed().as_secs_f64());
    writeln!(std::io::stdout(), "{{\"done\": {done}, \"cpu_s\": {cpu_s}, \"wall_s\": {wall_s}}}")?;
    Ok(())
}

/// User and system seconds of this process.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
